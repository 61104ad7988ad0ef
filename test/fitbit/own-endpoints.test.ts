import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { FitbitStrategy } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import { BASIC, fixture } from './fixtures.ts';

describe('the code exchange', () => {
  it('goes to other endpoints, with exactly these headers, over the same connection as the profile request', async () => {
    const seen: { url: string | undefined; rawHeaders: string[]; body: string }[] = [];
    const server = http.createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      seen.push({ url: req.url, rawHeaders: req.rawHeaders, body: Buffer.concat(chunks).toString() });
      res.end(req.method === 'POST' ? fixture('token.json') : fixture('profile.json'));
    });
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const agent = new http.Agent({ keepAlive: true });
      const outcome = await login(
        new FitbitStrategy({
          clientID: 'CID',
          clientSecret: 's3cret',
          tokenURL: `http://127.0.0.1:${port}/token?tenant=a`,
          userProfileURL: `http://127.0.0.1:${port}/profile?tenant=a`,
          agent,
          verify: async ({ profile }) => profile,
        }),
      );
      agent.destroy();
      expect(outcome.type).toBe('success');
      expect(connections).toBe(1);
      expect(seen).toHaveLength(2);
      const { access_token } = JSON.parse(fixture('token.json'));
      expect(seen[0]).toMatchObject({
        url: '/token?tenant=a',
        rawHeaders: [
          ...['Host', `127.0.0.1:${port}`],
          ...['Accept', 'application/json'],
          ...['User-Agent', 'passport-fitbit-strategy'],
          ...['Content-Type', 'application/x-www-form-urlencoded'],
          ...['Authorization', BASIC],
          ...['Content-Length', String(seen[0]?.body.length)],
          ...['Connection', 'keep-alive'],
        ],
      });
      expect(seen[1]).toEqual({
        url: '/profile?tenant=a',
        rawHeaders: [
          ...['Host', `127.0.0.1:${port}`],
          ...['Accept', 'application/json'],
          ...['User-Agent', 'passport-fitbit-strategy'],
          ...['Authorization', `Bearer ${access_token}`],
          ...['Connection', 'keep-alive'],
        ],
        body: '',
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

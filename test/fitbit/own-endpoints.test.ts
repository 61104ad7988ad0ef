import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { FitbitStrategy } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import { BASIC, fixture } from './fixtures.ts';

describe('the code exchange', () => {
  it("goes to endpoints of one's own, with these very headers, over one kept-alive connection with the profile", async () => {
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
        new FitbitStrategy(
          {
            clientID: 'CID',
            clientSecret: 's3cret',
            tokenURL: `http://127.0.0.1:${port}/token?tenant=a`,
            userProfileURL: `http://127.0.0.1:${port}/profile?tenant=a`,
            agent,
          },
          async ({ profile }) => profile,
        ),
      );
      agent.destroy();
      expect(outcome.type).toBe('success');
      expect(connections).toBe(1);
      expect(seen).toHaveLength(2);
      const { access_token } = JSON.parse(fixture('token.json'));
      expect(seen[0]).toMatchObject({
        url: '/token?tenant=a',
        rawHeaders: [
          ...['Accept', 'application/json'],
          ...['Content-Type', 'application/x-www-form-urlencoded'],
          ...['User-Agent', 'passport-fitbit-strategy'],
          ...['Authorization', BASIC],
          ...['Host', `127.0.0.1:${port}`],
          ...['Connection', 'keep-alive'],
          ...['Content-Length', String(seen[0]?.body.length)],
        ],
      });
      expect(seen[1]).toEqual({
        url: '/profile?tenant=a',
        rawHeaders: [
          ...['Accept', 'application/json'],
          ...['Authorization', `Bearer ${access_token}`],
          ...['User-Agent', 'passport-fitbit-strategy'],
          ...['Host', `127.0.0.1:${port}`],
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

import http from 'node:http';
import https from 'node:https';
import { stringify } from 'node:querystring';
import { app, type Provider, type User } from './contender.ts';

const AUTHORIZATION = `Basic ${Buffer.from(`${app.clientID}:${app.clientSecret}`).toString('base64')}`;

/**
 * The floor: the two requests of a callback on node:http with its own agent, and `JSON.parse`. It checks nothing
 * and gives up never.
 */
export function floor({ base }: Provider): (code: string) => Promise<User> {
  const { protocol, hostname, port, pathname } = new URL(base);
  const prefix = pathname === '/' ? '' : pathname;
  const { request } = protocol === 'https:' ? https : http;

  const send = (method: string, path: string, headers: http.OutgoingHttpHeaders, body?: string) =>
    new Promise<string>((resolve, reject) => {
      const req = request({ method, hostname, port, path: prefix + path, headers }, (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (chunk: string) => {
          text += chunk;
        });
        res.on('end', () => resolve(text));
      });
      req.on('error', reject);
      req.end(body);
    });

  return async (code) => {
    const body = stringify({
      grant_type: 'authorization_code',
      redirect_uri: app.callbackURL,
      code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      code,
    });
    const tokens = await send(
      'POST',
      '/token',
      {
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
        'User-Agent': 'floor',
        Authorization: AUTHORIZATION,
        'Content-Length': body.length,
      },
      body,
    );
    const profile = await send('GET', '/userinfo', {
      Accept: 'application/json',
      Authorization: `Bearer ${JSON.parse(tokens).access_token}`,
      'User-Agent': 'floor',
    });
    return { id: JSON.parse(profile).user.encodedId };
  };
}

import http from 'node:http';
import { eachAtATime } from '../concurrency.ts';
import { CODE } from './drive.ts';

interface Visit {
  location: string;
  cookie: string | undefined;
}

function visit(origin: URL, path: string, cookie?: string): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const headers = cookie === undefined ? {} : { Cookie: cookie };
    const { hostname, port } = origin;
    const req = http.get({ hostname, port, path, headers }, (res) => {
      res.resume();
      res.on('end', () => {
        const [setCookie] = res.headers['set-cookie'] ?? [];
        resolve({ location: res.headers.location ?? '', cookie: setCookie?.split(';')[0] });
      });
    });
    req.on('error', reject);
  });
}

/** Somebody presses "Sign in", agrees at the provider, and comes back. */
async function login(origin: URL): Promise<void> {
  const begun = await visit(origin, '/login');
  const state = new URL(begun.location).searchParams.get('state');
  const { location } = await visit(origin, `/auth/callback?code=${CODE}&state=${state}`, begun.cookie);
  if (location !== '/in') throw new Error(`not signed in, but sent to "${location}"`);
}

/** Signs people in; resolves with the time that it took, ms. */
export async function logins(origin: string, count: number, atATime: number): Promise<number> {
  const url = new URL(origin);
  const start = performance.now();
  await eachAtATime(count, atATime, () => login(url));
  return performance.now() - start;
}

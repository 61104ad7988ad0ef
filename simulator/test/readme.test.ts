import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../lib/command-arguments.ts';
import { fitbitQuery, start, withQuery } from './support.ts';

const readme = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');
const [withApp = '', withoutApp = ''] = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .map(([, block]) => block)
  .filter((block) => block?.includes('curl'));

/** Runs a block of the README, with other ports, in a folder of its own. */
async function runBlock(block: string, simulatorURL: string, appPort = 3000): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'));
  const script = block
    .replaceAll('127.0.0.1:8400', new URL(simulatorURL).host)
    .replaceAll('localhost:3000', `localhost:${appPort}`);
  try {
    return (await promisify(execFile)('bash', ['-euc', script], { cwd: folder })).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the curl commands of the README', () => {
  it('sign in to an app', async () => {
    const simulator = await start();
    const app = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      if (pathname === '/auth/fitbit') {
        const query = fitbitQuery(simulator, { redirect_uri: `${appURL}/callback`, state: 'a&b' });
        const location = withQuery(simulator.fitbit.authorizationURL, query);
        return response.writeHead(302, { location, 'set-cookie': 'session=1; Path=/' }).end();
      }
      const signedIn = request.headers.cookie === 'session=1' && searchParams.get('state') === 'a&b';
      return response.end(signedIn ? `code ${searchParams.get('code')}` : 'refused');
    });
    await new Promise<void>((listening) => app.listen(0, 'localhost', listening));
    const address = app.address();
    if (address === null || typeof address === 'string') throw new Error('the app does not listen');
    const { port } = address;
    const appURL = `http://localhost:${port}`;
    try {
      expect(await runBlock(withApp, simulator.url, port)).toMatch(/^code [0-9a-f]{40}$/);
    } finally {
      app.close();
    }
    expect(simulator.grants.map(({ personID, scope }) => [personID, ...scope])).toEqual([
      ['zoe', 'activity', 'profile'],
    ]);
  });

  it('exchange a code without an app', async () => {
    const simulator = await start();
    const answer: unknown = JSON.parse(await runBlock(withoutApp, simulator.url));
    expect(answer).toMatchObject({ token_type: 'Bearer', user_id: '2E4RVC', scope: 'profile activity' });
  });
});

describe('the command lines of the README', () => {
  const lines = [...readme.matchAll(/^npx fitbit-simulator(.*)$/gm)].map(([, args = '']) => args.trim());

  it.each(lines)('has flags that the command takes: %s', (line) => {
    expect(readArguments(line.split(' ').filter(Boolean)).help).toBe(false);
  });

  it('are there', () => {
    expect(lines.length).toBeGreaterThan(3);
  });
});

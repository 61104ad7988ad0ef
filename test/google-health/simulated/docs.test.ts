import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';

/** A port that nobody listens on. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return String(port);
}

/** Runs the code below "Try it with the simulator" of a page, and gives what it prints. */
async function tryIt(page: string): Promise<unknown[][]> {
  const text = readFileSync(resolve(import.meta.dirname, '../../../docs', page), 'utf8');
  const [, code = ''] = /^## Try it with the simulator\n[\s\S]*?```ts\n([\s\S]*?)```/m.exec(text) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'try-it-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'try-it.ts');
  writeFileSync(file, code.replaceAll('3000', await freePort()));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  await import(file);
  return log.mock.calls;
}

/** Without their order: the handlers print after they have responded. */
function expectLines(printed: unknown[][], lines: unknown[][]): void {
  expect(printed).toEqual(expect.arrayContaining(lines));
  expect(printed).toHaveLength(lines.length);
}

it('webhooks can be tried as the page shows', async () => {
  const zoe = '8677373576871223311';
  expectLines(await tryIt('webhooks.md'), [
    [expect.stringContaining('does not match "secret"')], // the handshake's second request
    ['UPSERT', 'steps', zoe],
    ['DELETE', 'steps', zoe],
    [expect.stringContaining('public keys could not be loaded')],
    ['UPSERT', 'steps', zoe],
    [[503, 204]],
    ['DELETE', 'steps', zoe],
  ]);
});

it('security events can be tried as the page shows', async () => {
  expectLines(await tryIt('security-events.md'), [
    [[expect.objectContaining({ type: 'account-disabled', reason: 'hijacking' })]],
    [[expect.objectContaining({ type: 'tokens-revoked' })]],
    [expect.stringContaining('Not a security event token')],
  ]);
});

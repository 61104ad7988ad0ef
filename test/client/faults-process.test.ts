import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deadlineOf, faultTable, type Row } from '../support/fault-table.ts';
import { answersJSON, CHUNKED, chunk, floods, start } from '../support/faulty-server.ts';
import type { Job, Result } from './faults-child.ts';

const child = fileURLToPath(new URL('./faults-child.ts', import.meta.url));

/** Runs the jobs in a process of their own, one after the other; resolves when it has ended by itself. */
async function runInChild(jobs: Job[]): Promise<Result[]> {
  const good = await start(
    answersJSON({ active: true, scope: '{SLEEP=READ}', client_id: 'id', exp: 1_565_861_634_000 }),
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', child, JSON.stringify({ warmUp: good.url, jobs })],
    { timeout: 60_000, maxBuffer: 10_000_000 },
  );
  return JSON.parse(stdout) as Result[];
}

const MEBIBYTE = 1024 * 1024;

describe('a process whose provider misbehaves', () => {
  it('can exit: no fault leaves a timer or a socket behind', { timeout: 90_000 }, async () => {
    const rows = faultTable({ name: 'introspect', operation: 'introspect', run: async () => {}, good: {} });
    const jobs = await Promise.all(
      rows.map(async (row: Row) => ({
        name: row.name,
        url: (await start(row.fault)).url,
        timeout: deadlineOf(row),
      })),
    );
    const results = await runInChild(jobs);
    expect(results.map(({ name, left }) => [name, left])).toEqual(rows.map(({ name }) => [name, []]));
    expect(results.filter(({ outcome }) => outcome === 'success')).toEqual([]);
  });

  const letters = Buffer.alloc(64 * 1024, 'a');
  const size = 400 * MEBIBYTE;
  const head = (status: string) => `HTTP/1.1 ${status}\r\nContent-Length: ${size}\r\n\r\n`;

  it.each([
    { what: '400 MB with a content-length', limit: 10, fault: floods(head('200 OK'), letters, size) },
    {
      what: '400 MB in chunks',
      limit: 10,
      fault: floods(CHUNKED, Buffer.from(chunk(letters.toString())), size),
    },
    { what: '400 MB with an error status', limit: 10, fault: floods(head('500 Error'), letters, size) },
    // Node itself takes up to 15 MB to take so many chunks apart.
    {
      what: 'chunks of one byte',
      limit: 30,
      fault: floods(CHUNKED, Buffer.from(chunk('a').repeat(10_000)), size),
    },
  ])(
    'closes the connection and grows by less than $limit MB when the provider sends $what',
    { timeout: 60_000 },
    async ({ limit, fault }) => {
      let sent = 0;
      const server = await start({
        ...fault,
        connect(socket) {
          socket.once('close', () => {
            sent = socket.bytesWritten;
          });
        },
      });
      const [result] = await runInChild([{ name: 'big', url: server.url, timeout: 20_000 }]);
      await server.idle();
      expect(result?.outcome).toMatch(/larger than 1048576 bytes|HTTP 500/);
      expect(result?.growth).toBeLessThan(limit * MEBIBYTE);
      expect(sent).toBeLessThan(size / 2);
    },
  );
});

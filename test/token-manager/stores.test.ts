import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileTokenStore, MemoryTokenStore, type TokenStore } from 'passport-fitbit-strategy/token-manager';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Semaphore } from '../../lib/token-manager/mutex.ts';
import { rejection, setUp, tokenSet } from './support.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-file-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('MemoryTokenStore', () => {
  const store = new MemoryTokenStore();
  for (const { name, run } of tokenStoreConformance(() => store)) test(name, run);
});

describe('FileTokenStore', () => {
  let store: FileTokenStore;
  beforeEach(() => {
    store = new FileTokenStore(join(folder, 'tokens.json'));
  });
  for (const { name, run } of tokenStoreConformance(() => store)) test(name, run);

  test('has the tokens after a restart, in a file for its owner only', async () => {
    await setUp({ store }).tokens.save('ann', tokenSet(1));
    const again = setUp({ store: new FileTokenStore(join(folder, 'tokens.json')) }).tokens;
    expect(await again.accessToken('ann')).toBe('access1');
    expect(statSync(join(folder, 'tokens.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['tokens.json']);
  });

  test('tells of a file that can not be read or written, and goes on when it can', async () => {
    const missing = setUp({ store: new FileTokenStore(join(folder, 'missing', 'tokens.json')) }).tokens;
    const error = await rejection(missing.save('ann', tokenSet(1)));
    expect(error).toMatchObject({ code: 'store', cause: { code: 'ENOENT' } });
    expect(await rejection(missing.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
    expect(await rejection(new FileTokenStore(folder).get('ann'))).toMatchObject({ code: 'EISDIR' });

    for (const content of ['secret, no JSON', '["secret"]']) {
      writeFileSync(join(folder, 'tokens.json'), content);
      const { message } = await rejection(store.get('ann'));
      expect(message).toContain('is not a token file');
      expect(message).not.toContain('secret');
    }
    writeFileSync(join(folder, 'tokens.json'), '{}');
    expect(await store.get('ann')).toBeUndefined();
  });

  test('refuses a wrong path', () => {
    expect(() => new FileTokenStore('')).toThrow('"path"');
  });
});

describe('tokenStoreConformance', () => {
  /** The names of the checks that a store fails. */
  async function failures(store: TokenStore): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, run } of tokenStoreConformance(() => store))
      await run().catch(() => failed.push(name));
    return failed;
  }

  test.each<[string, Partial<Record<keyof TokenStore, (store: TokenStore) => unknown>>, RegExp]>([
    [
      'replaces whatever the version',
      { replace: (s) => (id: string, _: string, r: never) => s.set(id, r).then(() => true) },
      /only if/,
    ],
    [
      'has no lock',
      { lock: (s) => (id: string, work: (r: unknown) => unknown) => work(locked(s, id)) },
      /one at a time/,
    ],
    ['never deletes', { delete: () => async () => {} }, /deletes a record/],
    ['finds nothing interrupted', { interrupted: () => async () => [] }, /interrupted/],
    ['forgets', { get: () => async () => undefined }, /gives back every field/],
  ])('finds out a store that %s', async (_, faults, found) => {
    const store = new MemoryTokenStore();
    const faulty = new Proxy<TokenStore>(store, {
      get: (target, name: keyof TokenStore) => faults[name]?.(store) ?? target[name].bind(target),
    });
    expect((await failures(faulty)).join('\n')).toMatch(found);
  });

  const locked = (store: TokenStore, id: string) => ({
    get: () => store.get(id),
    replace: (version: string, record: never) => store.replace(id, version, record),
    delete: () => store.delete(id),
  });
});

describe('Semaphore', () => {
  test('lets no more than its size run, and waits for a place only so long', async () => {
    const semaphore = new Semaphore(1);
    let end = () => {};
    const first = semaphore.run(() => new Promise<void>((resolve) => (end = resolve)));
    await expect(semaphore.run(async () => 'never', 5)).rejects.toThrow('within 5 ms');
    const second = semaphore.run(async () => 'second', 1_000);
    const third = semaphore.run(async () => 'third');
    end();
    await first;
    expect(await Promise.all([second, third])).toEqual(['second', 'third']);
    expect(await semaphore.run(async () => 'free')).toBe('free');
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeTurn } from '../../lib/oauth2/turns.ts';

let log: string[];
let ends: Map<string, () => void>;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  log = [];
  ends = new Map();
});
afterEach(() => void vi.useRealTimers());

it('turns work with timers that are numbers, as those of jsdom', () => {
  vi.spyOn(globalThis, 'setTimeout').mockReturnValueOnce(5 as never);
  take('seven', 'a');
  expect(log).toEqual(['a']);
});

/** Takes a turn that lasts until its end is called. */
const take = (id: string | undefined, name: string) =>
  takeTurn(id, (end) => {
    log.push(name);
    ends.set(name, end);
  });
const settle = () => new Promise((resolve) => setImmediate(resolve));
const end = async (name: string) => {
  ends.get(name)?.();
  await settle();
};

describe('turns of one session', () => {
  it('come one after the other, in the order in which they were asked for', async () => {
    for (const name of ['a', 'b', 'c']) take('one', name);
    await settle();
    expect(log).toEqual(['a']);
    await end('a');
    expect(log).toEqual(['a', 'b']);
    take('one', 'd');
    await end('b');
    await end('c');
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    await end('d');
    take('one', 'e');
    expect(log.at(-1)).toBe('e');
    await end('e');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not wait for those of another session, or of none', () => {
    for (const [id, name] of [
      ['two', 'a'],
      ['three', 'b'],
      [undefined, 'c'],
      [undefined, 'd'],
    ] as const)
      take(id, name);
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    for (const each of ends.values()) each();
  });

  it('end once, however often that is said', async () => {
    for (const name of ['a', 'b', 'c']) take('four', name);
    ends.get('a')?.();
    ends.get('a')?.();
    await settle();
    expect(log).toEqual(['a', 'b']);
    await end('a');
    expect(log).toEqual(['a', 'b']);
    await end('b');
    await end('c');
  });

  it('end after ten seconds by themselves', async () => {
    take('five', 'a');
    take('five', 'b');
    await vi.advanceTimersByTimeAsync(9_999);
    await settle();
    expect(log).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(log).toEqual(['a', 'b']);
    await end('b');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end when they throw, and the exception is not lost', async () => {
    expect(() =>
      takeTurn('six', () => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    take('six', 'b');
    expect(log).toEqual(['b']);
    await end('b');
    expect(vi.getTimerCount()).toBe(0);
  });
});

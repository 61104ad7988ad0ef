import { MemorySeenIDs } from 'passport-fitbit-strategy/google-health/webhooks';
import { describe, expect, it } from 'vitest';

describe('ids in memory', () => {
  it('are new once, until their time is over', () => {
    let time = 0;
    const seen = new MemorySeenIDs({ ttl: 100, now: () => time });
    expect([seen.add('a'), seen.add('b'), seen.add('a')]).toEqual([true, true, false]);
    time = 99;
    expect(seen.add('a')).toBe(false);
    time = 100;
    expect([seen.add('a'), seen.add('a'), seen.add('b')]).toEqual([true, false, true]);
  });

  it('are dropped for newer ones, the oldest first', () => {
    const seen = new MemorySeenIDs({ ttl: 100_000, max: 2 });
    expect([seen.add('a'), seen.add('b'), seen.add('c')]).toEqual([true, true, true]);
    expect([seen.add('b'), seen.add('c')]).toEqual([false, false]);
    expect([seen.add('a'), seen.add('c')]).toEqual([true, false]);
    expect(seen.add('b')).toBe(true);
  });

  it('are ten thousand by default', () => {
    const seen = new MemorySeenIDs({ ttl: 100_000 });
    for (let index = 0; index < 10_000; index += 1) seen.add(String(index));
    expect(seen.add('0')).toBe(false);
    seen.add('one more');
    expect(seen.add('1')).toBe(false);
    expect(seen.add('0')).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { ConsentCheck } from '../../../lib/google-health/incoming/consent-check.ts';

/** Tokens whose refreshes end when the test says so. */
function world() {
  const refreshes: { userID: string; end: (error?: unknown) => void }[] = [];
  const check = new ConsentCheck({
    refresh: (userID) =>
      new Promise<void>((resolve, reject) => {
        refreshes.push({ userID, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  });
  const users = () => refreshes.map(({ userID }) => userID);
  const end = (index: number, error?: unknown) => refreshes[index]?.end(error);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { check, users, end, turn };
}

describe('a consent check', () => {
  it('refreshes once for all calls that came during the one before', async () => {
    const { check, users, end, turn } = world();
    const first = check.check('a');
    const others = [check.check('a'), check.check('a'), check.check('a')];
    expect(users()).toEqual(['a']);
    end(0);
    await first;
    await turn();
    expect(users()).toEqual(['a', 'a']);
    const last = check.check('a'); // the second may have asked already
    end(1);
    await Promise.all(others);
    await turn();
    expect(users()).toEqual(['a', 'a', 'a']);
    end(2);
    await last;
    await turn();
    check.check('a');
    expect(users()).toHaveLength(4);
  });

  it('goes on after a refresh that failed', async () => {
    const { check, users, end, turn } = world();
    const first = check.check('a');
    const second = check.check('a');
    end(0, new Error('no network'));
    await expect(first).rejects.toThrow('no network');
    await turn();
    end(1);
    await second;
    await turn();
    const third = check.check('a');
    expect(users()).toHaveLength(3);
    end(2, new Error('again'));
    await expect(third).rejects.toThrow('again');
    await turn();
    check.check('a');
    expect(users()).toHaveLength(4);
  });

  it('lets users not wait for each other', () => {
    const { check, users } = world();
    check.check('a');
    check.check('b');
    expect(users()).toEqual(['a', 'b']);
  });

  it('is done when the consent is gone, and fails with any other error', async () => {
    for (const [error, expected] of [
      [{ reauthorize: true }, undefined],
      [{ reauthorize: false }, { reauthorize: false }],
      [new Error('x'), new Error('x')],
      ['text', 'text'],
    ]) {
      const check = new ConsentCheck({ refresh: () => Promise.reject(error) });
      expect(await check.check('a').catch((thrown) => thrown)).toEqual(expected);
    }
  });

  it('survives tokens that throw', async () => {
    const check = new ConsentCheck({
      refresh: () => {
        throw new Error('thrown');
      },
    });
    await expect(check.check('a')).rejects.toThrow('thrown');
  });
});

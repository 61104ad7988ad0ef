import { MemoryTokenStore, TokenManager } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, it } from 'vitest';
import { HOUR, tokenSet } from './support.ts';

const DAY = 24 * HOUR;

/** A manager with a clock that the test moves, on a provider whose refresh tokens end after seven days, or as given. */
function setUp(
  answer: (now: number) => { refreshToken?: string; refreshTokenExpiresAt?: Date } = () => ({}),
  consentMargin?: number,
) {
  const start = Date.now();
  const clock = { now: start };
  const events: { userID: string; endsAt: Date }[] = [];
  const tokens = new TokenManager({
    store: new MemoryTokenStore(),
    seal: 'a secret of the app, 32 characters',
    now: () => clock.now,
    refresh: async (refreshToken) => ({ ...tokenSet('new'), refreshToken, ...answer(Date.now()) }),
    consentMargin,
    onConsentEnding: (event) => events.push(event),
  });
  const login = () =>
    tokens.save('maya', tokenSet(1, HOUR, { refreshTokenExpiresAt: new Date(Date.now() + 7 * DAY) }));
  const endOf = async () => {
    const end = (await tokens.tokens('maya')).refreshTokenExpiresAt;
    return end && Math.round((end.getTime() - start) / DAY);
  };
  return { tokens, clock, events, start, login, endOf };
}

describe('the end of a consent', () => {
  it('is stored, and kept over refreshes that say nothing of it', async () => {
    const { tokens, login, endOf, clock, start } = setUp();
    await login();
    expect(await endOf()).toBe(7);
    clock.now = start + 2 * DAY;
    await tokens.refresh('maya');
    expect(await endOf()).toBe(7);
  });

  it('is that of the newest answer, on the clock of the manager', async () => {
    const { tokens, login, endOf, clock, start } = setUp((now) => ({
      refreshTokenExpiresAt: new Date(now + 7 * DAY),
    }));
    await login();
    clock.now = start + 2 * DAY;
    await tokens.refresh('maya');
    expect(await endOf()).toBe(9);
  });

  it('goes with a new refresh token that has none', async () => {
    const { tokens, login, endOf } = setUp(() => ({ refreshToken: 'another' }));
    await login();
    await tokens.refresh('maya');
    expect(await endOf()).toBeUndefined();
  });

  it('is kept with the refresh token by a login that brings neither', async () => {
    const { tokens, login, endOf } = setUp();
    await login();
    const { refreshToken: _, ...again } = tokenSet(2);
    await tokens.save('maya', again);
    expect(await endOf()).toBe(7);
  });

  it('is announced once, at the first refresh of the last day', async () => {
    const { tokens, login, clock, events, start } = setUp();
    await login();
    clock.now = start + 6 * DAY - 2 * HOUR;
    await tokens.refresh('maya');
    expect(events).toEqual([]);
    for (const hours of [1, 2, 3]) {
      clock.now = start + 6 * DAY + hours * HOUR;
      await tokens.refresh('maya');
    }
    expect(events).toEqual([{ userID: 'maya', endsAt: expect.any(Date) }]);
    expect(Math.round(((events[0]?.endsAt.getTime() ?? 0) - start) / DAY)).toBe(7);
  });

  it('is announced as early as consentMargin says', async () => {
    const { tokens, login, clock, events, start } = setUp(undefined, 3 * DAY);
    await login();
    clock.now = start + 4 * DAY - HOUR;
    await tokens.refresh('maya');
    expect(events).toEqual([]);
    clock.now = start + 4 * DAY + HOUR;
    await tokens.refresh('maya');
    expect(events).toHaveLength(1);
  });

  it('must be a valid date', async () => {
    const { tokens } = setUp();
    const refreshTokenExpiresAt = new Date(Number.NaN);
    await expect(tokens.save('maya', tokenSet(1, HOUR, { refreshTokenExpiresAt }))).rejects.toThrow(
      '"tokens.refreshTokenExpiresAt" must be a valid Date',
    );
  });
});

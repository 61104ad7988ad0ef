import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, test } from 'vitest';
import { SECRET, setUp, tokenSet } from './support.ts';

describe('the options', () => {
  const refresh = async () => tokenSet(1);
  test.each([
    ['no options', null, /"options"/],
    ['no refresh', {}, /"refresh"/],
    ['a wrong store', { refresh, store: {} }, /"store" must be a TokenStore/],
    ['no store', { refresh, store: null }, /"store"/],
    ['a wrong clock', { refresh, now: 1 }, /"now"/],
    ['wrong timers', { refresh, timers: {} }, /"timers.setTimeout"/],
    ['a negative margin', { refresh, refreshMargin: -1 }, /"refreshMargin"/],
    ['a negative margin of the consent', { refresh, consentMargin: -1 }, /"consentMargin"/],
    ['an endless margin', { refresh, refreshMargin: Number.POSITIVE_INFINITY }, /"refreshMargin"/],
    ['a margin as text', { refresh, refreshMargin: '1' }, /"refreshMargin"/],
    ['a wrong timeout', { refresh, refreshTimeout: 0 }, /"refreshTimeout"/],
    ['a wrong store timeout', { refresh, storeTimeout: 0 }, /"storeTimeout"/],
    ['a wrong listener', { refresh, onRefreshed: 'log' }, /"onRefreshed"/],
    ['a short secret', { refresh, seal: 'short' }, /"seal"/],
  ])('refuse %s', (_, options, message) => {
    expect(() => new TokenManager(options as never)).toThrow(TypeError);
    expect(() => new TokenManager(options as never)).toThrow(message);
  });

  test('have memory as the default store', async () => {
    const tokens = new TokenManager({ refresh, seal: [SECRET] });
    await tokens.save('ann', tokenSet(1));
    expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test('take listeners that throw or reject: the refresh goes on, and a warning tells', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on('warning', onWarning);
    for (const onRefreshed of [
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject('rejected'),
    ]) {
      const { tokens } = setUp({ onRefreshed });
      await tokens.save('ann', tokenSet(1, -1));
      expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.removeListener('warning', onWarning);
    expect(warnings).toEqual(['thrown', 'rejected']);
  });
});

import { readFileSync } from 'node:fs';
import type { FitbitScope } from 'passport-fitbit-strategy';
import {
  type FitbitScope as FormerScope,
  type GoogleHealthScope,
  toGoogleHealthScopes,
} from 'passport-fitbit-strategy/google-health';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { HEALTH } from './google.ts';

const METRICS = 'health_metrics_and_measurements';

describe('toGoogleHealthScopes', () => {
  it.each<[FitbitScope, string | undefined]>([
    ['activity', 'activity_and_fitness'],
    ['cardio_fitness', 'activity_and_fitness'],
    ['electrocardiogram', 'ecg'],
    ['heartrate', METRICS],
    ['irregular_rhythm_notifications', 'irn'],
    ['location', 'location'],
    ['nutrition', 'nutrition'],
    ['oxygen_saturation', METRICS],
    ['profile', 'profile'],
    ['respiratory_rate', METRICS],
    ['settings', 'settings'],
    ['sleep', 'sleep'],
    ['social', undefined],
    ['temperature', METRICS],
    ['weight', METRICS],
  ])('translates %s to %s', (scope, kind) => {
    expect(toGoogleHealthScopes([scope], { access: 'read' })).toEqual(
      kind === undefined
        ? { scopes: [], unmatched: [scope] }
        : { scopes: [`${HEALTH}.${kind}.readonly`], unmatched: [] },
    );
  });

  it('gives a scope for reading and one for writing where an app may write', () => {
    expect(toGoogleHealthScopes(['sleep', 'weight'], { access: 'write' }).scopes).toEqual([
      `${HEALTH}.sleep.readonly`,
      `${HEALTH}.sleep.writeonly`,
      `${HEALTH}.${METRICS}.readonly`,
      `${HEALTH}.${METRICS}.writeonly`,
    ]);
  });

  it('gives the scope for reading alone where nobody may write', () => {
    const scopes = ['electrocardiogram', 'irregular_rhythm_notifications', 'location'];
    expect(toGoogleHealthScopes(scopes, { access: 'write' })).toEqual({
      scopes: [`${HEALTH}.ecg.readonly`, `${HEALTH}.irn.readonly`, `${HEALTH}.location.readonly`],
      unmatched: [],
    });
  });

  it('names each scope once', () => {
    expect(toGoogleHealthScopes('heartrate weight  temperature social social')).toEqual({
      scopes: [`${HEALTH}.${METRICS}.readonly`],
      unmatched: ['social'],
    });
  });

  it('reports what is no Fitbit scope, names of Object’s own included', () => {
    const names = ['steps', 'toString', '__proto__', 'constructor'];
    expect(toGoogleHealthScopes(names)).toEqual({ scopes: [], unmatched: names });
  });

  it('reads by default', () => {
    expect(toGoogleHealthScopes('profile').scopes).toEqual([`${HEALTH}.profile.readonly`]);
  });

  it('gives nothing for nothing', () => {
    expect(toGoogleHealthScopes('')).toEqual({ scopes: [], unmatched: [] });
  });

  it('refuses wrong arguments by name', () => {
    expect(() => toGoogleHealthScopes(5 as never)).toThrow('"fitbitScopes" must be a string of scopes');
    expect(() => toGoogleHealthScopes([], { access: 'all' as never })).toThrow(
      '"access" must be one of "read", "write"',
    );
    expect(() => toGoogleHealthScopes([], null as never)).toThrow('"options" must be an object');
  });

  it('knows the very scopes of the Fitbit strategy', () => {
    expectTypeOf<FormerScope>().toEqualTypeOf<FitbitScope>();
    const source = readFileSync(new URL('../../lib/fitbit/scopes.ts', import.meta.url), 'utf8');
    const [union = ''] = /export type FitbitScope =[^;]*/.exec(source) ?? [];
    const names = [...union.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '');
    expect(names).toHaveLength(15);
    expect(toGoogleHealthScopes(names).unmatched).toEqual(['social']);
  });

  it('gives scopes that the strategy’s option takes', () => {
    expectTypeOf(toGoogleHealthScopes('').scopes).toEqualTypeOf<GoogleHealthScope[]>();
    expectTypeOf<`${string}.ecg.writeonly`>().not.toExtend<GoogleHealthScope>();
  });
});

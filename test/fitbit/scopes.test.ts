import { describe, expect, it } from 'vitest';
import { parseScopeMap } from '../../lib/fitbit/scopes.ts';

describe('the scope of an introspection', () => {
  it.each<[text: string, scope: Record<string, 'read' | 'write'>]>([
    ['{ACTIVITY=READ, HEARTRATE=READ_WRITE}', { activity: 'read', heartrate: 'write' }],
    ['  {ACTIVITY=READ,HEARTRATE=WRITE}  ', { activity: 'read', heartrate: 'write' }],
    ['{SLEEP=READ}\n\n', { sleep: 'read' }],
    ['{ }', {}],
    ['{}', {}],
    ['', {}],
    ['{, ACTIVITY=READ,,  SLEEP=READ ,}', { activity: 'read', sleep: 'read' }],
    ['activity sleep', { activity: 'read', sleep: 'read' }],
    ['{=READ}', {}],
    ['{SLEEP}', { sleep: 'read' }],
    // Only the braces around the whole are no part of a name.
    ['{A{B=READ, C}D=READ}', { 'a{b': 'read', 'c}d': 'read' }],
    ['x{A=READ}', { 'x{a': 'read' }],
    ['{A=READ}x', { a: 'read' }],
  ])('%j is read as %j', (text, scope) => {
    expect(parseScopeMap(text)).toEqual(scope);
  });
});

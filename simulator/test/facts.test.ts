import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defaultSwitches } from 'fitbit-simulator';
import { describe, expect, it } from 'vitest';
import { fitbitScopes } from '../lib/fitbit/scopes.ts';
import { switchNames, switchTable, valuesOf } from '../lib/world/switches.ts';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/facts.md'), 'utf8');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The rows of the tables of facts: `| fact | **mark** | `file` | `test file` › test name |`. */
const facts = [...page.matchAll(/^\| (.+) \| \*\*(.)\*\* \| `([^`]+)` \| `([^`]+)` › (.+) \|$/gm)].map(
  ([, fact = '', mark = '', file = '', testFile = '', testName = '']) => ({
    fact,
    mark,
    file,
    testFile,
    testName,
  }),
);

/** The names of the tests of a file, from its source. */
function testNames(file: string): string[] {
  const source = readFileSync(join(import.meta.dirname, file), 'utf8');
  const names = source.matchAll(/(?:\bit|\))\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"),/g);
  return [...names].map(([, single, double]) => (single ?? double ?? '').replaceAll('\\', ''));
}

describe('docs/facts.md and README.md', () => {
  it('has a table of facts', () => {
    const lines = page.split('\n').filter((line) => / \| \*\*.\*\* \| /.test(line));
    expect(facts.length).toBe(lines.length);
    expect(facts.length).toBeGreaterThan(80);
  });

  it.each(facts)('names an existing file, test and mark for: $fact', ({ mark, file, testFile, testName }) => {
    expect(['D', 'S', 'O', '?']).toContain(mark);
    expect(existsSync(join(root, 'lib', file))).toBe(true);
    expect(existsSync(join(import.meta.dirname, testFile))).toBe(true);
    expect(testNames(testFile)).toContain(testName);
  });

  it('names the switch of every fact that is unknown', () => {
    for (const { fact } of facts.filter(({ mark }) => mark === '?')) {
      expect([fact, switchNames.some((name) => fact.includes(`\`${name}\``))]).toEqual([fact, true]);
    }
  });

  it('has every switch in its table, with its values and the default first, and in a fact', () => {
    for (const name of switchNames) {
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` | `)) ?? '';
      const [, , values = '', about = ''] = row.split(/ ?\| ?/);
      expect(about).toBe(switchTable[name].about);
      const listed = [...values.matchAll(/`([^`]+)`/g)].map(([, value = '']) => value.replaceAll("'", ''));
      expect([name, listed[0]]).toEqual([name, String(defaultSwitches[name])]);
      const possible: readonly unknown[] = valuesOf(name) ?? [defaultSwitches[name]];
      expect([name, [...listed].sort()]).toEqual([name, possible.map(String).sort()]);
      expect([name, facts.some(({ fact }) => fact.includes(`\`${name}\``))]).toEqual([name, true]);
    }
  });

  it('knows the 15 scopes of Fitbit', () => {
    expect(fitbitScopes.join(' ')).toBe(
      'activity cardio_fitness electrocardiogram heartrate irregular_rhythm_notifications location nutrition oxygen_saturation profile respiratory_rate settings sleep social temperature weight',
    );
  });
});

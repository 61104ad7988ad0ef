import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const PAGE = join(import.meta.dirname, '../../docs/differences-from-passport-oauth2.md');

it('docs/differences-from-passport-oauth2.md has one row for each test of a difference, and no other', () => {
  const [, ...rows] = readFileSync(PAGE, 'utf8').matchAll(/^\| (.+?) \| .+ \| .+ \| .+ \|$/gm);
  const titles = readdirSync(import.meta.dirname)
    .filter((name) => name.startsWith('differences-'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .flatMap((source) => [...source.matchAll(/^ {2}it\('(.+)', (?:async )?\(/gm)]);
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.map((row) => row[1]).sort()).toEqual(titles.map((title) => title[1]).sort());
});

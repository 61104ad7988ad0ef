import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const lib = resolve(import.meta.dirname, '../lib');
const files = sourcesOf(lib);

/** The room of a file: the folder in lib/, or `entry` for the files beside the folders. */
const roomOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : 'entry');

/** The TypeScript files of a folder, relative to it. */
function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

/** Every import in a folder: the file that has it, and the absolute path or the package that it names. */
function importsIn(folder: string): { file: string; target: string }[] {
  return sourcesOf(folder).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const specifiers = [...text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*'([^']+)'/g)];
    return specifiers.map(([, name = '']) => ({
      file,
      target: name.startsWith('.') ? resolve(folder, dirname(file), name) : name,
    }));
  });
}

/** Each import of one room by another, as `from → to`, with the packages as rooms of their own. */
const imports = importsIn(lib).map(({ file, target }) => ({
  file,
  from: roomOf(file),
  to: target.startsWith(lib) ? roomOf(relative(lib, target)) : target,
}));

/** Which rooms and packages each room may import. */
const ALLOWED: Record<string, RegExp> = {
  entry: /^(fitbit|google-health|oauth2|token-manager|node:.*)$/,
  fitbit: /^(oauth2|express)$/,
  'google-health': /^(oauth2|express)$/,
  oauth2: /^(client|util|node:.*|passport|passport-oauth2|express|cookie)$/,
  'token-manager': /^(oauth2|util|node:.*|pg|redis)$/,
  client: /^node:.*$/,
  util: /^node:.*$/,
};

describe('the packages of the repository', () => {
  it.each([
    ['lib', '../simulator', 'fitbit-simulator'],
    ['simulator/lib', '../lib', 'passport-fitbit-strategy'],
  ])('%s imports nothing of the other package', (folder, otherFolder, otherName) => {
    const base = resolve(import.meta.dirname, '..', folder);
    const other = resolve(import.meta.dirname, otherFolder);
    const wrong = importsIn(base).filter(
      ({ target }) => target.startsWith(other) || target.startsWith(otherName),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the rooms of lib/', () => {
  it('import in one direction only: entry, provider, oauth2', () => {
    const wrong = imports.filter(({ from, to }) => from !== to && !ALLOWED[from]?.test(to));
    expect(wrong).toEqual([]);
  });

  it('are those of docs/architecture.md, with the arrows that it draws', () => {
    const page = readFileSync(resolve(lib, '../docs/architecture.md'), 'utf8');
    const drawn = [...page.matchAll(/^ {4}([\w-]+) --> ([\w-]+)$/gm)].map(
      (match) => `${match[1]} --> ${match[2]}`,
    );
    const rooms = new Set(files.map(roomOf));
    const real = imports
      .filter(({ from, to }) => from !== to && rooms.has(to))
      .map(({ from, to }) => `${from} --> ${to}`);
    expect([...new Set(drawn)].sort()).toEqual([...new Set(real)].sort());
  });

  it('have the files of lib/oauth2 in the table of docs/architecture.md', () => {
    const page = readFileSync(resolve(lib, '../docs/architecture.md'), 'utf8');
    const [, table = ''] = /## Files of `lib\/oauth2\/`\n([\s\S]*?)\n## /.exec(page) ?? [];
    const listed = [...table.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => `oauth2/${name}`);
    expect(listed.sort()).toEqual(files.filter((file) => roomOf(file) === 'oauth2').sort());
  });

  it('have entries that only export', () => {
    for (const file of files.filter((name) => roomOf(name) === 'entry')) {
      const text = readFileSync(join(lib, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
      const rest = text.replaceAll(/export (type )?(\{[^}]*\}|\*) from '[^']+';/g, '').trim();
      expect({ file, rest }).toEqual({ file, rest: '' });
    }
  });

  it('keep every file under 300 lines', () => {
    const long = files.filter((file) => readFileSync(join(lib, file), 'utf8').split('\n').length > 301);
    expect(long).toEqual([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const lib = resolve(import.meta.dirname, '../lib');
const page = readFileSync(resolve(lib, '../docs/architecture.md'), 'utf8');
const files = sourcesOf(lib);

/** The folder in lib/ that a file belongs to, or `entry` for the files beside the folders. */
const folderOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : 'entry');
const folders = new Set(files.map(folderOf));

/** The TypeScript files of a folder, relative to it. */
function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

interface Import {
  file: string;
  /** The absolute path or the package. */
  target: string;
  /** Whether nothing is left of it at run time. */
  isType: boolean;
}

/** Every import in a folder. */
function importsIn(folder: string): Import[] {
  return sourcesOf(folder).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const statements = text.matchAll(/^(?:import|export) (type )?(?:[^;']*? from )?'([^']+)'/gm);
    const dynamic = text.matchAll(/\bimport\(()'([^']+)'\)(?!\.)/g);
    return [...statements, ...dynamic].map(([, type, name = '']) => ({
      file,
      target: name.startsWith('.') ? resolve(folder, dirname(file), name) : name,
      isType: type === 'type ',
    }));
  });
}

/** The files of a folder that import each other in a circle, at run time. */
function circlesIn(folder: string): string[] {
  let left = sourcesOf(folder).map((file) => join(folder, file));
  const edges = importsIn(folder)
    .filter(({ isType }) => !isType)
    .map(({ file, target }) => ({ from: join(folder, file), to: target }));
  // Files that import none of the rest are taken away, again and again: what is left is circles.
  for (let before = 0; before !== left.length; ) {
    before = left.length;
    left = left.filter((file) => edges.some(({ from, to }) => from === file && left.includes(to)));
  }
  return left.map((file) => relative(folder, file));
}

/** Each import of one folder of lib/ by another, with the packages as folders of their own. */
const imports = importsIn(lib).map(({ file, target }) => ({
  file,
  from: folderOf(file),
  to: target.startsWith(lib) ? folderOf(relative(lib, target)) : target,
}));

/** Which folders and packages each folder may import. */
const ALLOWED: Record<string, RegExp> = {
  entry: /^(fitbit|google-health|login|state|client|token-manager)$/,
  fitbit: /^(google-health|login|client|util|node:.*)$/,
  'google-health': /^(login|client|util|node:.*|jose)$/,
  login: /^(state|client|util|node:.*|express|passport|passport-oauth2|oauth)$/,
  state: /^(client|util|node:.*|express|cookie)$/,
  client: /^(util|node:.*|passport|passport-oauth2)$/,
  util: /^node:.*$/,
  'token-manager': /^(client|util|node:.*|pg|redis|libsql)$/,
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

  it.each(['lib', 'simulator/lib'])('%s has no circle of imports', (folder) => {
    expect(circlesIn(resolve(import.meta.dirname, '..', folder))).toEqual([]);
  });
});

describe('the folders of lib/', () => {
  it('import in one direction only: entry, provider, login, then state, client and util', () => {
    const wrong = imports.filter(({ from, to }) => from !== to && !ALLOWED[from]?.test(to));
    expect(wrong).toEqual([]);
  });

  it('name no provider in login, state and client', () => {
    const shared = files.filter((file) => /^(login|state|client)\//.test(file));
    const naming = shared.filter((file) => {
      const text = readFileSync(join(lib, file), 'utf8').replaceAll("'passport-fitbit-strategy'", '');
      return /fitbit|google/i.test(text);
    });
    expect(shared.length).toBeGreaterThan(0);
    expect(naming).toEqual([]);
  });

  it('have entries that only export', () => {
    for (const file of files.filter((name) => folderOf(name) === 'entry')) {
      const text = readFileSync(join(lib, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
      const rest = text.replaceAll(/export (type )?(\{[^}]*\}|\*) from '[^']+';/g, '').trim();
      expect({ file, rest }).toEqual({ file, rest: '' });
    }
  });
});

describe('docs/architecture.md', () => {
  it('draws the imports between the folders', () => {
    const drawn = [...page.matchAll(/^ {4}([\w-]+) --> ([\w-]+)$/gm)].map(
      (match) => `${match[1]} --> ${match[2]}`,
    );
    const real = imports
      .filter(({ from, to }) => from !== to && folders.has(to))
      .map(({ from, to }) => `${from} --> ${to}`);
    expect([...new Set(drawn)].sort()).toEqual([...new Set(real)].sort());
  });

  it.each(['login', 'state', 'client', 'util'])('lists the files of lib/%s', (folder) => {
    const [, table = ''] = page.split(`### \`lib/${folder}/\`\n`)[1]?.match(/^([\s\S]*?)(?=\n#|$)/) ?? [];
    const listed = [...table.matchAll(/^\| `([\w-]+\.ts)` \|/gm)].map(([, name]) => `${folder}/${name}`);
    expect(listed.sort()).toEqual(files.filter((file) => folderOf(file) === folder).sort());
  });

  it('names each function in the file that has it', () => {
    const steps = [...page.matchAll(/^\d+\. `(?:\w+\.)?(\w+)` \(`(lib\/[\w/.-]+\.ts)`\)/gm)];
    expect(steps.length).toBeGreaterThan(20);
    const wrong = steps.filter(([, name = '', file = '']) => {
      const text = readFileSync(resolve(lib, '..', file), 'utf8');
      return !new RegExp(`^ *(export )?((async|override|abstract|function) )*#?${name}(<.*>)?\\(`, 'm').test(
        text,
      );
    });
    expect(wrong.map(([line]) => line)).toEqual([]);
  });
});

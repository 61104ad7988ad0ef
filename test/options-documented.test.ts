import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const lib = join(root, 'lib');
const self = join('test', 'options-documented.test.ts');

interface Option {
  /** The first exported type that has it, for messages. */
  owner: string;
  name: string;
  comment: string;
}

/** The files that the entries of the package are built from. */
function entries(): string[] {
  const { exports }: { exports: Record<string, unknown> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return Object.keys(exports)
    .filter((key) => key !== './package.json')
    .map((key) => join(lib, `${key === '.' ? 'index' : key.slice(2)}.ts`));
}

/** The options of every exported type whose name ends in Options, without those that Passport declares. */
function findOptions(files: readonly string[]): Option[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([...files], options);
  const checker = program.getTypeChecker();
  const found = new Map<string, Option>();
  for (const file of files) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is not a module`);
    for (const symbol of checker.getExportsOfModule(module)) {
      if (!/Options$/.test(symbol.name)) continue;
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      for (const property of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(target))) {
        const declaration = property.declarations?.[0];
        if (declaration && relative(lib, declaration.getSourceFile().fileName).startsWith('..')) continue;
        const comment = ts.displayPartsToString(property.getDocumentationComment(checker)).trim();
        const known = found.get(property.name);
        if (known === undefined || comment === '') {
          found.set(property.name, { owner: symbol.name, name: property.name, comment });
        }
      }
    }
  }
  return [...found.values()];
}

/** The options that a page explains: in a heading of their own, or in the first cell of a table's row. */
function explained(page: string): string[] {
  const places = page.match(/^#{2,} .*$|^\| *`[^|]*\|/gm) ?? [];
  return places.flatMap((place) => [...place.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ''));
}

/** Whether a source names an option as the property of an object. */
function names(source: string, option: string): boolean {
  return new RegExp(`(?<![\\w.])${option}\\??\\s*[:,}]`).test(source);
}

const options = findOptions(entries());
const pages = ['README.md', ...markdown('docs')].map((page) => readFileSync(join(root, page), 'utf8'));
const explainedOptions = new Set(pages.flatMap(explained));
const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((path) => join('test', path))
  .filter((path) => path.endsWith('.ts') && !path.includes('node_modules') && path !== self)
  .map((path) => readFileSync(join(root, path), 'utf8'));

function markdown(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

const describeOption = ({ owner, name }: Option) => `${name} of ${owner}`;

describe('Each exported option', () => {
  it('is found', () => {
    const found = options.map(({ name }) => name);
    // One of each entry and of each kind of option.
    expect(found).toEqual(
      expect.arrayContaining(['clientID', 'tokenURL', 'expiresIn', 'accessType', 'secure', 'signal']),
    );
    expect(found).toEqual(expect.arrayContaining(['seen', 'clientIDs', 'refresh', 'table']));
  });

  it('has a doc comment', () => {
    expect(options.filter(({ comment }) => comment === '').map(describeOption)).toEqual([]);
  });

  it("has a heading or a table's row in README.md or docs", () => {
    expect(options.filter(({ name }) => !explainedOptions.has(name)).map(describeOption)).toEqual([]);
  });

  it('is named by a test', () => {
    const untested = options.filter(({ name }) => !tests.some((source) => names(source, name)));
    expect(untested.map(describeOption)).toEqual([]);
  });
});

describe('The check of the options', () => {
  it('takes no mention in a sentence for an explanation', () => {
    expect(explained('`state` is random.\n| key | `pkce` |\n')).toEqual([]);
    expect(explained('### `state`\n| `pkce`, `store` | on |\n')).toEqual(['state', 'pkce', 'store']);
  });

  it('takes no other word for the name of an option', () => {
    expect(names('const myState = { state: true };', 'state')).toBe(true);
    expect(names('f({ state });', 'state')).toBe(true);
    expect(names('f(login.state, { sessionState: 1 });', 'state')).toBe(false);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const pages = ['', 'docs/', 'simulator/'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`),
);

/** The TypeScript blocks of a page as modules, named after the page and the line where they begin. */
function blocks(page: string): { name: string; source: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return { name: `${page.replaceAll('/', '-')}-${line}.ts`, source: `${match[1]}\nexport {};\n` };
  });
}

/** Type-checks sources as if they stood in the root folder, under the project's own settings. */
function diagnose(sources: { name: string; source: string }[]): string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = new Map(sources.map(({ name, source }) => [join(root, name), source]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName ?? ''}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

describe('README and docs', () => {
  it('have TypeScript blocks that type-check', { timeout: 60_000 }, () => {
    const sources = pages.flatMap(blocks);
    expect(sources.length).toBeGreaterThan(0);
    expect(diagnose(sources)).toEqual([]);
  });

  it('would not type-check a block with a wrong option', { timeout: 60_000 }, () => {
    const source = `import { FitbitStrategy } from 'passport-fitbit-strategy';
      new FitbitStrategy({ clientID: 5 }, async () => ({}));`;
    expect(diagnose([{ name: 'wrong.ts', source }]).join()).toContain('not assignable');
  });

  it.each(pages)('%s links to files that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(resolve(root, dirname(page), link)))).toEqual([]);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const pages = ['', 'docs/', 'docs/frameworks/', 'simulator/', 'simulator/docs/'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`),
);

/** The TypeScript blocks of a page as modules, named after the page and the line where they begin. */
function blocks(page: string): { name: string; source: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^( *)```ts\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return { name: `${page.replaceAll('/', '-')}-${line}.ts`, source: `${match[2]}\nexport {};\n` };
  });
}

/** The anchors that GitHub gives to a page's headings. */
function anchors(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\]\([^)]*\)/g, '')
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Type-checks sources as if they were in the root folder, under the project's own settings. */
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
  it('have TypeScript blocks that type-check, where one with a wrong option would not', {
    timeout: 60_000,
  }, () => {
    const sources = pages.flatMap(blocks);
    expect(sources.length).toBeGreaterThan(0);
    const source = `import { FitbitStrategy } from 'passport-fitbit-strategy';
      new FitbitStrategy({ clientID: 5 }, async () => ({}));`;
    const problems = diagnose([...sources, { name: 'wrong.ts', source }]);
    expect(problems).toEqual([expect.stringMatching(/wrong\.ts:2 .*not assignable/s)]);
  });

  it.each(pages)('%s links to files that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(resolve(root, dirname(page), link)))).toEqual([]);
  });

  it.each(pages)('%s names tests that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const paths = [...text.matchAll(/`((?:simulator\/)?test\/[\w./*-]+\.ts)`/g)].map(
      (match) => match[1] ?? '',
    );
    const exists = (path: string) => {
      const pattern = new RegExp(`^${basename(path).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      return readdirSync(join(root, dirname(path))).some((name) => pattern.test(name));
    };
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it.each(pages)('%s links to headings that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(((?!https?:|mailto:)[^)#\s]*)#([^)\s]+)\)/g)];
    const wrong = links.filter(([, file = '', anchor = '']) => {
      const target = file === '' ? page : relative(root, resolve(root, dirname(page), file));
      return target.endsWith('.md') && !anchors(target).includes(anchor);
    });
    expect(wrong.map(([link]) => link)).toEqual([]);
  });
});

/** The blocks of a page that name a file, whose code they are. */
function excerpts(page: string): { line: string; file: string; code: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```tsx? \[(.+)\]\n([\s\S]*?)^```$/gm)].map((match) => ({
    line: `${page}:${text.slice(0, match.index).split('\n').length}`,
    file: match[1] ?? '',
    code: match[2] ?? '',
  }));
}

// The compatibility suite type-checks the examples, with the frameworks installed.
describe('docs/frameworks', () => {
  const frameworks = pages.filter((page) => /^docs\/frameworks\/(?!README)/.test(page));

  it.each(frameworks)('%s shows code of its example', (page) => {
    const shown = excerpts(page);
    expect(shown.length).toBeGreaterThan(0);
    const wrong = shown.filter(({ file, code }) => !readFileSync(join(root, file), 'utf8').includes(code));
    expect(wrong.map(({ line, file }) => `${line} is not in ${file}`)).toEqual([]);
  });

  it('has no other kind of block, which nothing would check', () => {
    const fences = frameworks.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\S.*)$/gm)].map((match) => match[1] ?? ''),
    );
    expect(fences.filter((info) => !/^(sh|ts|tsx? \[examples\/[\w./-]+\])$/.test(info))).toEqual([]);
  });

  it('has a page for each example with a package.json, and the table names both', () => {
    const table = readFileSync(join(root, 'docs/frameworks/README.md'), 'utf8');
    const examples = readdirSync(join(root, 'examples')).filter((name) =>
      existsSync(join(root, 'examples', name, 'package.json')),
    );
    expect(examples.length).toBeGreaterThan(6);
    for (const name of examples) {
      expect(table).toContain(`(../../examples/${name})`);
      expect(table).toContain(`(${name.replace(/-.*/, '')}.md`);
    }
  });
});

/** The fixed parts of the strings and templates in lib/. */
function messageParts(): string[] {
  const parts: string[] = [];
  const visit = (node: ts.Node): void => {
    const isPart =
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node);
    if (isPart) parts.push(node.text);
    ts.forEachChild(node, visit);
  };
  for (const name of readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const source = readFileSync(join(root, 'lib', name), 'utf8');
    visit(ts.createSourceFile(name, source, ts.ScriptTarget.Latest));
  }
  return parts.filter((text) => text.length >= 14);
}

describe('docs/troubleshooting.md', () => {
  it('quotes messages that the code has', () => {
    const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
    const parts = messageParts();
    // Of the package, not of a provider or of TypeScript.
    const ours = /^(["T]|You |CookieState|No session|No complete|Unexpected|A function|This )/;
    const quotes = [...page.matchAll(/(?<!`)(`{1,2})(?!`)([^\n]+?)(?<!`)\1(?!`)/g)]
      .map(([, , text = '']) => text.replace(/^TypeError: /, ''))
      .filter((text) => ours.test(text) && text.split(' ').length >= 4);
    expect(quotes.length).toBeGreaterThan(15);
    const isKnown = (quote: string) =>
      parts.some((part) => quote.includes(part) || part.includes(quote.replace(/[,.]? ?…$/, '')));
    expect(quotes.filter((quote) => !isKnown(quote))).toEqual([]);
  });
});

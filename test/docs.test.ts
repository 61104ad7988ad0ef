import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { toAnchor } from '../website/anchors.ts';
import { readTabs, withFrameworkTabs } from '../website/framework-tabs.ts';
import { findTarget } from '../website/links.ts';
import { readGroups } from '../website/pages.ts';

const root = resolve(import.meta.dirname, '..');
const folders = ['', 'docs', 'docs/frameworks', 'examples', 'bench', 'simulator', 'simulator/docs'];
const guides = folders.flatMap((folder) => markdownIn(folder));
/** Every page that links are followed on. */
const pages = [...guides, ...markdownIn('docs/api', true)];

/** The Markdown files of a folder, by their paths from the root. */
function markdownIn(folder: string, recursive = false): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

/** The TypeScript blocks of a page as modules, named after the page and the line where they begin. */
function blocks(page: string): { name: string; source: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^( *)```ts\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return { name: `${page.replaceAll('/', '-')}-${line}.ts`, source: `${match[2]}\nexport {};\n` };
  });
}

/** A page without its code. */
function prose(page: string): string {
  return readFileSync(join(root, page), 'utf8')
    .replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '')
    .replaceAll(/(`+)[^`\n]+?\1/g, (code) => (code.includes('](') ? '' : code));
}

/** The targets of a page's links and pictures. */
function linksOf(page: string): string[] {
  const text = prose(page);
  return [
    ...text.matchAll(/\]\(([^)\s]*)[^)]*\)/g),
    ...text.matchAll(/^\[[^\]]+\]: *(\S+)/gm),
    ...text.matchAll(/<(https?:[^>]+)>/g),
    ...text.matchAll(/\b(?:href|src|srcset)="([^"]*)"/g),
  ].map(([, link = '']) => link);
}

const isExternal = (link: string) => /^([a-z][a-z\d+.-]*:|\/\/)/i.test(link);

/** The anchors of a page: GitHub's, with a number where a heading repeats, and those in HTML. */
function anchors(page: string): Set<string> {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  const counts = new Map<string, number>();
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const anchor = toAnchor(heading.replaceAll(/\]\([^)]*\)/g, ''));
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]);
}

/** Why an external link is not well-formed; nothing follows it. */
function faultOf(link: string): string | undefined {
  if (link.startsWith('mailto:')) return undefined;
  if (!URL.canParse(link)) return 'not a URL';
  const { hostname } = new URL(link);
  if (/^(localhost|127\.0\.0\.1)$/.test(hostname)) return undefined;
  if (!link.startsWith('https://')) return 'not https';
  if (!/^[a-z\d-]+(\.[a-z\d-]+)+$/.test(hostname)) return 'not a host';
  return /[,;]$|[^/]\/\/[^/]*$|\s/.test(link.slice('https://'.length)) ? 'malformed' : undefined;
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
    const sources = guides.flatMap(blocks);
    expect(sources.length).toBeGreaterThan(0);
    const source = `import { FitbitStrategy } from 'passport-fitbit-strategy';
      new FitbitStrategy({ clientID: 5 }, async () => ({}));`;
    const problems = diagnose([...sources, { name: 'wrong.ts', source }]);
    expect(problems).toEqual([expect.stringMatching(/wrong\.ts:2 .*not assignable/s)]);
  });

  it.each(pages)('%s links to files that exist', (page) => {
    const files = linksOf(page)
      .filter((link) => !isExternal(link))
      .map((link) => link.replace(/#.*$/, ''));
    expect(files.filter((file) => !existsSync(resolve(root, dirname(page), file)))).toEqual([]);
  });

  it.each(pages)('%s has well-formed links to other sites', (page) => {
    const links = linksOf(page).filter(isExternal);
    expect(links.filter((link) => faultOf(link) !== undefined)).toEqual([]);
  });

  it.each(guides)('%s names tests that exist', (page) => {
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
    const links = linksOf(page).filter((link) => !isExternal(link) && link.includes('#'));
    const wrong = links.filter((link) => {
      const [file = '', anchor = ''] = link.split('#');
      const target = file === '' ? page : relative(root, resolve(root, dirname(page), file));
      return target.endsWith('.md') && !anchors(target).has(decodeURIComponent(anchor));
    });
    expect(wrong).toEqual([]);
  });

  it('would not pass a link that is malformed', () => {
    expect(['https://dev.fitbit.com', 'mailto:a@b.example', 'http://localhost:3000'].map(faultOf)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(faultOf('https:/dev.fitbit.com')).toBe('not https');
    expect(faultOf('https://dev')).toBe('not a host');
    expect(faultOf('http://dev.fitbit.com')).toBe('not https');
    expect(faultOf('https://dev.fitbit.com//a,')).toBe('malformed');
  });

  it('has links and pictures in README.md to check', () => {
    const links = linksOf('README.md');
    expect(links).toContain('docs/troubleshooting.md');
    expect(links).toContain('docs/images/demo-light.webp');
    expect(links.filter(isExternal).length).toBeGreaterThan(2);
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

describe('The documentation site', () => {
  const groups = readGroups();
  const inSidebar = groups.flatMap((group) => group.pages);

  it('has every guide and every page of the API reference in its sidebar, once', () => {
    const sources = inSidebar.map(({ source }) => source);
    const expected = pages.filter((page) => /^(docs|simulator\/docs)\//.test(page));
    expect(sources).toEqual(expect.arrayContaining([...expected, 'README.md', 'simulator/README.md']));
    expect(new Set(sources).size).toBe(sources.length);
  });

  it('has one page and one name for each', () => {
    for (const key of ['site', 'title'] as const) {
      const values = inSidebar.map((page) => page[key]);
      expect(new Set(values).size).toBe(values.length);
    }
  });

  it('finds a target for every relative link', () => {
    const links = inSidebar.flatMap(({ source }) => linksOf(source).map((link) => ({ source, link })));
    for (const { source, link } of links) {
      expect(() => findTarget(source, link, inSidebar)).not.toThrow();
    }
    expect(() => findTarget('docs/faq.md', 'missing.md', inSidebar)).toThrow('does not exist');
  });

  it('leads to pages of the site, and for everything else to the repository', () => {
    const target = findTarget('docs/options.md', '../simulator/README.md#faults', inSidebar);
    expect(target).toMatchObject({ kind: 'page', page: { site: 'simulator/index.md' }, anchor: '#faults' });
    const file = findTarget('docs/architecture.md', '../lib/client/provider.ts', inSidebar);
    expect(file).toEqual({ kind: 'file', path: 'lib/client/provider.ts', anchor: '' });
    expect(findTarget('docs/options.md', '../examples/stateless', inSidebar)).toMatchObject({
      kind: 'folder',
    });
    expect(findTarget('docs/options.md', 'https://a.example', inSidebar)).toEqual({ kind: 'other' });
  });

  it('has a tab for each framework in the quick start', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const tabs = [...readTabs(inSidebar), { title: 'Other', language: 'ts', code: 'login();\n' }];
    const page = withFrameworkTabs(readme, tabs);
    const group = /^::: code-group\n([\s\S]*?)^:::$/m.exec(page)?.[1] ?? '';
    const titles = [...group.matchAll(/^```tsx? \[(.+)\]$/gm)].map(([, title]) => title);
    expect(titles).toEqual(['Express', ...tabs.map(({ title }) => title)]);
    expect(titles).not.toContain('Frameworks'); // the overview
    expect(page.indexOf('::: code-group')).toBeGreaterThan(page.indexOf('## Quick start'));
  });
});

/** The texts of an alias's string literals, such as those of `OAuthErrorCode`, and of every property `code` in lib/. */
function errorCodes(): string[] {
  const codes = new Set<string>();
  eachNode((node) => {
    const isAlias = ts.isTypeAliasDeclaration(node) && /ErrorCode$/.test(node.name.text);
    if (isAlias && ts.isUnionTypeNode(node.type)) {
      for (const member of node.type.types) {
        if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal))
          codes.add(member.literal.text);
      }
    }
    const isCode = ts.isPropertyAssignment(node) && node.name.getText() === 'code';
    if (isCode && ts.isStringLiteral(node.initializer)) codes.add(node.initializer.text);
  });
  return [...codes];
}

/** Visits the syntax trees of lib/. */
function eachNode(visit: (node: ts.Node) => void): void {
  for (const name of readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const source = readFileSync(join(root, 'lib', name), 'utf8');
    const descend = (node: ts.Node): void => {
      visit(node);
      ts.forEachChild(node, descend);
    };
    descend(ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true));
  }
}

/** The strings and templates of lib/; what a template inserts is `…`. */
function messages(): string[] {
  const found: string[] = [];
  eachNode((node) => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      found.push(node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join(''));
    }
  });
  return found.filter((text) => text.replaceAll('…', '').length >= 14);
}

/** Whether two texts can be the same, where `…` is any text. */
function canEqual(a: string, b: string): boolean {
  const results = new Map<number, boolean>();
  const from = (i: number, j: number): boolean => {
    const key = i * (b.length + 1) + j;
    const known = results.get(key);
    if (known !== undefined) return known;
    let result: boolean;
    if (i === a.length && j === b.length) result = true;
    else if (a[i] === '…') result = from(i + 1, j) || (j < b.length && from(i, j + 1));
    else if (b[j] === '…') result = from(i, j + 1) || (i < a.length && from(i + 1, j));
    else result = i < a.length && j < b.length && a[i] === b[j] && from(i + 1, j + 1);
    results.set(key, result);
    return result;
  };
  return from(0, 0);
}

// Texts of the providers, of TypeScript and of browsers.
const OTHERS = [
  'Invalid redirect_uri parameter value',
  'redirect_uri_mismatch',
  'Invalid client_id',
  'Access blocked: ',
  'No overload matches this call',
  "Parameter 'params' implicitly",
];

describe('docs/troubleshooting.md', () => {
  const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8').replaceAll(
    /^( *)```[\s\S]*?^\1```$/gm,
    '',
  );

  it('quotes messages that the code has, word for word', () => {
    const known = messages();
    const quotes = [...page.matchAll(/(?<!`)(`{1,2})(?!`)([^\n]+?)(?<!`)\1(?!`)/g)]
      .map(([, , text = '']) => text.replace(/^TypeError: /, '').trim())
      .filter((text) => text.split(' ').length >= 4 && !/=>|[{;]|^[\w.]+\(|^openssl/.test(text))
      .filter((text) => !OTHERS.some((other) => text.includes(other)));
    expect(quotes.length).toBeGreaterThan(35);
    // responseError and refusal() make these of a provider's name, a step and a code.
    const refusal = /^(?:Fitbit|…) (refused [\w ]+): (?:\w+(?: \(HTTP \d{3}\))?|…)$/;
    const isKnown = (quote: string) => {
      const [, step] = refusal.exec(quote) ?? [];
      return known.some((text) => (step === undefined ? canEqual(quote, text) : text.includes(step)));
    };
    expect(quotes.filter((quote) => !isKnown(quote))).toEqual([]);
  });

  it('has an entry for every error code', () => {
    const codes = errorCodes();
    expect(codes).toEqual(
      expect.arrayContaining(['invalid_grant', 'too_large', 'unknown_key', 'invalid_audience', 'no_tokens']),
    );
    const entries = page.match(/^\*\*.*$|^\|.*$/gm) ?? [];
    expect(codes.filter((code) => !entries.some((entry) => entry.includes(`\`${code}\``)))).toEqual([]);
  });
});

describe('canEqual', () => {
  it('compares texts with gaps', () => {
    expect(canEqual('"scope" must be …', '"…" must be …, or a list')).toBe(true);
    expect(canEqual('No session: …', 'No session: mount express-session')).toBe(true);
    expect(canEqual('No session', 'No session: mount express-session')).toBe(false);
    expect(canEqual('more than 10 notifications', 'More than … notifications')).toBe(false);
  });
});

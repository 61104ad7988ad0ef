import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

// What to write instead, by the words to avoid: each is either not American English or has to be read twice.
const INSTEAD: [RegExp, string][] = [
  [/\bto the letter\b/, 'exactly'],
  [/\bmend(s|ed|ing)?\b|\bcures?\b/, 'fix'],
  [/\brooms?\b|\bhouses?\b/, 'folder, module'],
  [/\bthe way over\b/, 'the migration guide'],
  [/\b(is|are) no more\b/, 'has been shut down'],
  [
    /\b(it|there|that|which|code|verifier|token) (stands|stood|lies)\b|\bstands? (in|among|behind|before)\b/,
    'is',
  ],
  [/\ban? \w+ that is none\b/, 'an unusable …'],
  [/\bof (its|their|your|our|the app's) own accord\b|\bwhose it is now\b/, 'say it plainly'],
  [/\b(un)?ticked\b|\bunticks?\b|\btick (off|one)\b/, 'select, clear; checklist'],
  [/\bfor ever\b/, 'forever'],
  [/\bin plain time\b/, 'not in constant time'],
  [/\bhowever many\b/, 'concurrent calls share one request'],
  [/\bby itself\b/, 'automatically, on its own'],
  [/\bunder way\b/, 'in progress'],
  [/\b(takes?|took|gives?|gave) back\b/, 'return, clear, withdraw'],
  [/\btold (of|so)\b|\btells of\b/, 'report, notify'],
  [/\bwhat nobody\b|\bnobody waits\b/, 'undocumented; not awaited'],
  [/\bannounced to (be|answer)\b/, 'Fitbit announced that …'],
  [/(^|\. )forgotten,/m, 'If you skip this, …'],
  [/\bcan't be (set back|told)\b/, "can't be reset; has no observable effect"],
  [/\bput a mark on\b|\bcomes? by\b/, 'flag; visit'],
  [/\bholds? (nobody|others|them|everybody) up\b/, 'delays'],
  [/\bstood still\b|\bstands still\b/, 'paused'],
  [/[.:;] of (a|an|both|several|these|them)\b/, 'the subject first'],
  [/\banew\b|\bafresh\b/, 'again'],
  [/\bheeds?\b/, 'follow'],
  [/\bin vain\b/, 'without effect'],
  [/\bstrangers?\b/, 'newcomer'],
  // Only people answer: a server responds.
  [/\b(did|do|does)(n't| not) answer\b|\bnever answers?\b/, 'respond'],
  [/\b(dead|live) (access |refresh )?tokens?\b/, 'an invalid token, a valid token'],
  [/\b(codes?|tokens?|sessions?|consents?) dies?\b/, 'expires, becomes invalid'],
  [/\banybody\b/, 'anyone, any user'],
  [/\bnobody has\b/, 'not documented, not known'],
  [/\bno good\b|\bof no use\b|\bwill do\b|\bdoes not do\b/, 'invalid, not accepted, enough'],
  [/\b(has|have|had) been told\b/, 'notified'],
  [/\bhangs? on (it|them)\b/, 'depends on'],
  [/\b(lower|upper)-case\b|\bthe set-up\b/, 'lowercase, uppercase, setup'],
  [
    /\b(normalis|organis|recognis|initialis|serialis|authoris|optimis|synchronis|behaviour|colour|favour|honour|neighbour|licence|defence|catalogue|judgement|programme)\w*/,
    'the American spelling',
  ],
  [/\b(cancell|labell|modell|travell)(ed|ing)\b|\bcentre\b|\bwhilst\b|\bamongst\b/, 'the American spelling'],
];

// The simulator's people are its test data: there, a person is not the user of an app.
const PERSON: [RegExp, string] = [
  /\b(the|a|this|that|every|each|one|another|any) persons?\b|\bpersons\b/,
  'the user',
];

/** The words to avoid in a text, each with its line. */
function findings(text: string, file = ''): string[] {
  const rules = file.startsWith('simulator/') ? INSTEAD : [...INSTEAD, PERSON];
  const avoided = rules.filter(([words]) => words.test(text.toLowerCase()));
  if (avoided.length === 0) return [];
  return text.split('\n').flatMap((line, index) =>
    avoided.flatMap(([words, instead]) => {
      const [found] = words.exec(line.toLowerCase()) ?? [];
      return found === undefined ? [] : [`${index + 1}: "${found}" → ${instead}`];
    }),
  );
}

/** A page without its code blocks. */
const prose = (text: string) =>
  text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, (code) => code.replace(/[^\n]+/g, ''));

/** A source without its names: comments and strings are what is left to read. */
function words(file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  const kept = text.split('');
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) kept.fill(' ', node.getStart(), node.end);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return kept.join('');
}

/** The names of a file's tests, each on the line where it is. */
function testNames(file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  const lines = text.split('\n').map(() => '');
  for (const match of text.matchAll(/\b(?:describe|it|test)(?:\.\w+(?:\([^)]*\))?)?\(\s*(['"`])(.*?)\1/g)) {
    const line = text.slice(0, match.index).split('\n').length - 1;
    lines[line] += ` ${match[2]}`;
  }
  return lines.join('\n');
}

/** The files of a folder that have one of the endings, by their paths from the root. */
function filesIn(folder: string, endings: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.test(name) && !/node_modules|^dist/.test(name))
    .map((name) => join(folder, name));
}

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'simulator', 'examples', 'bench', '.github'].flatMap((folder) => filesIn(folder, /\.md$/)),
].filter((page) => !page.startsWith('docs/api/'));

const sources = ['lib', 'simulator/lib', 'examples', 'scripts'].flatMap((folder) =>
  filesIn(folder, /\.(ts|tsx|js|mjs)$/),
);
const views = ['examples', '.github', 'website'].flatMap((folder) =>
  filesIn(folder, /\.(ejs|html|yml|css)$/),
);
const tests = ['test', 'simulator/test'].flatMap((folder) => filesIn(folder, /\.(test|spec)\.ts$/));

describe('the words to avoid', () => {
  it.each(pages)('are not in %s', (page) => {
    expect(findings(prose(readFileSync(join(root, page), 'utf8')), page)).toEqual([]);
  });

  it.each([
    ['comments and strings', sources, words],
    ['views and workflows', views, (file: string) => readFileSync(join(root, file), 'utf8')],
    ['names of tests', tests, testNames],
  ] as const)('are not in the %s', { timeout: 60_000 }, (_, files, read) => {
    const texts = files.map((file) => ({ file, text: read(file) }));
    expect(texts.map(({ text }) => text.trim()).join('').length).toBeGreaterThan(1000);
    expect(
      texts.flatMap(({ file, text }) => findings(text, file).map((found) => `${file}:${found}`)),
    ).toEqual([]);
  });

  it('are found in a comment, a string and a page', () => {
    expect(findings('// Registered to the letter.')).toHaveLength(1);
    expect(findings("throw new Error('The person denied it')")).toHaveLength(1);
    expect(findings(prose('It is normalised.\n```ts\nnormalised\n```\n'))).toHaveLength(1);
    expect(findings('a person', 'simulator/README.md')).toEqual([]);
  });
});

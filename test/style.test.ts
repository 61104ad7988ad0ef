import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

// What to write instead, by the words to avoid: each is either not American English or has to be read twice.
const INSTEAD: [RegExp, string][] = [
  [/to the letter/, 'exactly'],
  [/\bmend(s|ed|ing)?\b|\bcures?\b/, 'fix'],
  [/\brooms?\b|\bhouses?\b/, 'folder, module'],
  [/\bthe way over\b/, 'the migration guide'],
  [/\b(the|a|this|every|each|one) persons?\b|\bpersons\b/, 'the user'],
  [/\bis no more\b|\bare no more\b/, 'has been shut down'],
  [
    /\b(it|there|that|which|code|verifier|token) (stands|stood|lies)\b|\bstands? (in|among|behind|before)\b/,
    'is',
  ],
  [/\ban? \w+ that is none\b/, 'an unusable …'],
  [/\bof (its|their|your|our|the app's) own accord\b|\bwhose it is now\b/, 'say it plainly'],
  [/\bunticked\b|\bticked\b|\btick (off|one)\b/, 'selected, cleared'],
  [/\bwaits? for ever\b/, 'waits forever'],
  [
    /\b(normalis|organis|recognis|initialis|serialis|authoris|optimis|behaviour|colour|favour|licence)\w*/,
    'the American spelling',
  ],
  [/\bcancelled\b|\blabelled\b|\bcentre\b/, 'the American spelling'],
];

/** The words to avoid in a text, each with its line. */
function findings(text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    INSTEAD.flatMap(([words, instead]) => {
      const [found] = words.exec(line.toLowerCase()) ?? [];
      return found === undefined ? [] : [`${index + 1}: "${found}" → ${instead}`];
    }),
  );
}

/** A page without its code blocks. */
const prose = (text: string) =>
  text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, (code) => code.replace(/[^\n]+/g, ''));

/** The comments and strings of a source, each on its own line; the rest is blank. */
function words(file: string): string {
  const text = readFileSync(file, 'utf8');
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, text);
  const kept = text.split('');
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const isCode =
      token === ts.SyntaxKind.Identifier ||
      (token >= ts.SyntaxKind.FirstPunctuation && token <= ts.SyntaxKind.LastPunctuation);
    if (!isCode) continue;
    for (let at = scanner.getTokenStart(); at < scanner.getTokenEnd(); at += 1) kept[at] = ' ';
  }
  return kept.join('');
}

const pages = [
  ...[
    'README.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'simulator/README.md',
    'examples/README.md',
  ],
  ...['docs', 'docs/frameworks'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `lib/${name}`);

describe('the words to avoid', () => {
  it.each(pages)('are not in %s', (page) => {
    expect(findings(prose(readFileSync(join(root, page), 'utf8')))).toEqual([]);
  });

  it('are not in the comments and messages of lib/', () => {
    const found = sources.flatMap((file) =>
      findings(words(join(root, file))).map((finding) => `${file}:${finding}`),
    );
    expect(sources.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  it('are found in a comment, a string and a page', () => {
    expect(findings('// Registered to the letter.')).toHaveLength(1);
    expect(findings("throw new Error('The person denied it')")).toHaveLength(1);
    expect(findings(prose('It is normalised.\n```ts\nnormalised\n```\n'))).toHaveLength(1);
  });
});

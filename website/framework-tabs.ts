import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page, root } from './pages.ts';

// The README's own code is the Express tab; a worker has no login; the overview is of no framework.
const WITHOUT_TAB = new Set(['README', 'express', 'worker'].map((name) => `docs/frameworks/${name}.md`));

/** The first TypeScript block of a page: its language and its code. */
const BLOCK = /^```(tsx?)(?: \[.+\])?\n([\s\S]*?)^```$/m;

/** A framework's code for the quick start. */
interface Tab {
  title: string;
  language: string;
  code: string;
}

/** One tab for each framework: the first TypeScript block of its page. */
export function readTabs(pages: readonly Page[]): Tab[] {
  return pages
    .filter(({ source }) => source.startsWith('docs/frameworks/') && !WITHOUT_TAB.has(source))
    .map(({ source, title }) => {
      const [, language, code] = BLOCK.exec(readFileSync(join(root, source), 'utf8')) ?? [];
      if (language === undefined || code === undefined) {
        throw new Error(`${source} has no TypeScript block for the tabs of the quick start`);
      }
      return { title, language, code };
    });
}

/** Puts the first TypeScript block of the quick start into a group of tabs, one for each framework. */
export function withFrameworkTabs(readme: string, tabs: readonly Tab[]): string {
  const start = readme.indexOf('\n## Quick start\n');
  const [block, language, code] = BLOCK.exec(readme.slice(start)) ?? [];
  if (start < 0 || block === undefined) throw new Error('README.md has no code under "Quick start"');
  const fences = [{ title: 'Express', language, code }, ...tabs].map(
    (tab) => `\`\`\`${tab.language} [${tab.title}]\n${tab.code}\`\`\`\n`,
  );
  const before = readme.slice(0, start);
  return before + readme.slice(start).replace(block, () => `::: code-group\n\n${fences.join('\n')}\n:::`);
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findTarget, repositoryURL } from './links.ts';
import { type Group, type Page, root } from './pages.ts';
import { site } from './site.ts';

// The reference repeats what the guides say, type by type: llms.txt links to it, llms-full.txt leaves it out.
const NOT_IN_FULL = new Set(['API reference', 'Project']);

/** The first sentence of a page, as plain text. */
export function firstSentence(markdown: string): string {
  const paragraph = markdown
    .replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, '')
    .split(/\n{2,}/)
    .find((text) => /^[A-Z`*[]/.test(text.trim()) && !/^(- |\d+\. )/.test(text.trim()));
  const text = (paragraph ?? '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return /^.*?[.:](?= |$)/.exec(text)?.[0].replace(/:$/, '.') ?? text;
}

/** A page's Markdown with links that work anywhere. */
function withAbsoluteLinks(page: Page, pages: readonly Page[]): string {
  const absolute = (href: string): string => {
    const target = findTarget(page.source, href, pages);
    if (target.kind === 'other') return href;
    if (target.kind === 'page') return `${site.url}${target.page.site}${target.anchor}`;
    return repositoryURL(site.repository, target);
  };
  return readFileSync(join(root, page.source), 'utf8')
    .split(/(^ *```[\s\S]*?^ *```$)/m)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .replaceAll(/(?<=\]\()([^)\s]+)(?=\))/g, absolute)
            .replaceAll(/(?<=\b(?:src|srcset)=")([^"\s]+)(?=")/g, absolute),
    )
    .join('');
}

/** Writes llms.txt, llms-full.txt and every page as Markdown, for programs that read the site. */
export function writeForLanguageModels(groups: readonly Group[], outDir: string): void {
  const pages = groups.flatMap((group) => group.pages);
  const texts = new Map(pages.map((page) => [page, withAbsoluteLinks(page, pages)]));
  for (const [page, text] of texts) {
    const file = join(outDir, page.site);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const sections = groups.map(({ title, pages: members }) => {
    const lines = members.map((page) => {
      const sentence = page.site.startsWith('api/') ? '' : firstSentence(texts.get(page) ?? '');
      return `- [${page.title}](${site.url}${page.site})${sentence === '' ? '' : `: ${sentence}`}`;
    });
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  writeFileSync(
    join(outDir, 'llms.txt'),
    `# ${site.name}\n\n> ${firstSentence(readme)}\n\n${sections.join('\n')}`,
  );

  const full = groups
    .filter(({ title }) => !NOT_IN_FULL.has(title))
    .flatMap((group) => group.pages.map((page) => texts.get(page)?.trim()));
  writeFileSync(join(outDir, 'llms-full.txt'), `${full.join('\n\n---\n\n')}\n`);
}

import { cpSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import type { Plugin } from 'vite';
import { type DefaultTheme, defineConfig, type MarkdownRenderer } from 'vitepress';
import { toAnchor } from '../anchors.ts';
import { findDeadLinks } from '../check-links.ts';
import { readTabs, withFrameworkTabs } from '../framework-tabs.ts';
import { findTarget, repositoryURL } from '../links.ts';
import { writeForLanguageModels } from '../llms.ts';
import { type Page, readGroups } from '../pages.ts';
import { site } from '../site.ts';

const groups = readGroups();
const pages = groups.flatMap((group) => group.pages);
const tabs = readTabs(pages);
const bySource = new Map(pages.map((page) => [page.source, page]));
const bySite = new Map(pages.map((page) => [page.site, page]));

const toLink = (path: string) => `/${path.replace(/(^|(?<=\/))index\.md$/, '').replace(/\.md$/, '')}`;

const sidebar: DefaultTheme.SidebarItem[] = groups.map(({ title, pages: members }) => ({
  text: title,
  items: members.map((page) => ({ text: page.title, link: toLink(page.site) })),
}));

/** The page of a path: VitePress renders pages by their path on the site, and its search by that of their file. */
const findPage = (path: string): Page | undefined => bySite.get(path) ?? bySource.get(path);

/** The name by which an app imports what a page of the API reference describes. */
function nameOfEntry({ source }: Page): string {
  const [, entry = ''] = /^docs\/api\/(.+)\.md$/.exec(source) ?? [];
  return entry === 'README'
    ? 'API reference'
    : join(site.name, entry === 'index' ? '' : entry).replace(/\/$/, '');
}

/** The href for a link of a Markdown file: another page of the site, or the file at the repository's host. */
function resolveLink(source: string, href: string): string {
  const target = findTarget(source, href, pages);
  if (target.kind === 'other') return href;
  if (target.kind === 'page') return `/${target.page.site}${target.anchor}`;
  return repositoryURL(site.repository, target);
}

/** Makes Markdown that is written for GitHub work on the site. */
function extendMarkdown(md: MarkdownRenderer): void {
  // Otherwise "README.md" is a link to a site in Moldova.
  md.linkify.set({ fuzzyLink: false });

  md.core.ruler.before('block', 'text-of-the-site', (state) => {
    const page = findPage(state.env.relativePath);
    if (page?.source === 'README.md') state.src = withFrameworkTabs(state.src, tabs);
    if (page?.source.startsWith('docs/api/'))
      state.src = state.src.replace(/^# .*/, `# ${nameOfEntry(page)}`);
  });

  md.core.ruler.push('repository-links', ({ env, tokens }) => {
    const page = findPage(env.relativePath);
    if (page === undefined) return;
    for (const [index, token] of tokens.entries()) {
      for (const part of [token, ...(token.children ?? [])]) {
        const href = part.type === 'link_open' ? part.attrGet('href') : null;
        if (href !== null) part.attrSet('href', resolveLink(page.source, href));
      }
      if (token.type === 'html_block') token.content = withPictures(page.source, token.content);
      // The empty corner of a table is no header.
      if (token.type === 'th_open' && tokens[index + 1]?.content === '') {
        for (const cell of [token, tokens[index + 2]]) if (cell) cell.tag = 'td';
      }
    }
  });

  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token?.info.trim() === 'mermaid') {
      return `<MermaidDiagram code="${encodeURIComponent(token.content)}"></MermaidDiagram>\n`;
    }
    return fence?.(tokens, index, options, env, self) ?? '';
  };
}

/** Replaces a <picture> for two color schemes by two images: readers can switch the scheme of the site. */
function withPictures(source: string, html: string): string {
  const folder = posix.relative(posix.dirname(source), '.');
  const local = (path: string) => `./${posix.join(folder, posix.dirname(source), path)}`;
  return html.replaceAll(
    /<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*<img alt="([^"]*)" src="([^"]+)">\s*<\/picture>/g,
    (_, dark: string, alt: string, light: string) =>
      [
        `<img class="only-light" alt="${alt}" src="${local(light)}">`,
        `<img class="only-dark" alt="${alt}" src="${local(dark)}">`,
      ].join('\n'),
  );
}

/** The pages are outside this folder, so they don't find the Vue that is installed in it. */
const vueOfThisFolder: Plugin = {
  name: 'vue-of-this-folder',
  enforce: 'pre',
  resolveId(id, _importer, { ssr }) {
    if (id !== 'vue' && id !== 'vue/server-renderer') return null;
    return ssr ? { id, external: true } : this.resolve(id, import.meta.filename, { skipSelf: true });
  },
};

/** Copies Mermaid's build for browsers, which mermaid-diagram.ts loads. */
function copyMermaid(folder: string): void {
  const dist = resolve(import.meta.dirname, '../node_modules/mermaid/dist');
  for (const name of ['mermaid.esm.min.mjs', 'chunks/mermaid.esm.min']) {
    const filter = (file: string) => !file.endsWith('.map');
    cpSync(join(dist, name), join(folder, name), { recursive: true, filter });
  }
}

export default defineConfig({
  title: site.name,
  description: 'Passport strategies for Google Health and Fitbit, and a manager that keeps the tokens valid.',
  lang: 'en-US',
  base: site.url.pathname,
  srcDir: '..',
  srcExclude: [
    '.github/**',
    '{coverage,dist,reports,test,website}/**',
    'CODE_OF_CONDUCT.md',
    'examples/*/**',
  ],
  outDir: './dist',
  cacheDir: './node_modules/.cache/vitepress',
  rewrites: (id) => {
    const page = bySource.get(id);
    if (page === undefined) throw new Error(`${id} is not a page of the site: see website/pages.ts`);
    return page.site;
  },
  sitemap: { hostname: site.url.href },
  lastUpdated: false,
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    anchor: { slugify: toAnchor },
    config: extendMarkdown,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: {
    plugins: [vueOfThisFolder],
  },
  themeConfig: {
    search: { provider: 'local' },
    sidebar,
    nav: [
      { text: 'Options', link: '/options' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'API', link: '/api/' },
      { text: site.version, link: '/changelog' },
    ],
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: site.repository }],
    editLink: {
      pattern: `${site.repository}/edit/main/:path`,
      text: 'Edit this page',
    },
  },
  buildEnd({ outDir }) {
    copyMermaid(join(outDir, 'mermaid'));
    writeForLanguageModels(groups, outDir);
    const dead = findDeadLinks(outDir, site.url.pathname);
    if (dead.length > 0) throw new Error(`Links that lead nowhere:\n${dead.join('\n')}`);
  },
});

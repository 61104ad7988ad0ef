import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Page, root } from './pages.ts';

/** What a link of a Markdown file leads to. */
export type Target =
  /** Another site, or a heading of the same page. */
  | { kind: 'other' }
  | { kind: 'page'; page: Page; anchor: string }
  /** A file or folder of the repository that is no page of the site. */
  | { kind: 'file' | 'folder'; path: string; anchor: string };

/** Finds the target of a relative link, which is relative to its file, as on GitHub. */
export function findTarget(source: string, href: string, pages: readonly Page[]): Target {
  if (/^([a-z][a-z\d+.-]*:|#|\/\/)/i.test(href)) return { kind: 'other' };
  const [, path = '', anchor = ''] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
  const file = posix.join(posix.dirname(source), decodeURIComponent(path)).replace(/\/$/, '');
  const page = pages.find((candidate) => candidate.source === file);
  if (page) return { kind: 'page', page, anchor };
  if (file.startsWith('..') || href.startsWith('/') || !existsSync(join(root, file))) {
    throw new Error(`${source} links to ${href}, which does not exist`);
  }
  return { kind: statSync(join(root, file)).isDirectory() ? 'folder' : 'file', path: file, anchor };
}

/** The URL of a file or folder at the repository's host. */
export function repositoryURL(
  repository: string,
  { kind, path, anchor }: Extract<Target, { path: string }>,
): string {
  return `${repository}/${kind === 'folder' ? 'tree' : 'blob'}/main/${path}${anchor}`;
}

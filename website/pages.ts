import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The root of the repository. */
export const root = resolve(import.meta.dirname, '..');

/** A page of the site. */
export interface Page {
  /** The Markdown file, from the root of the repository. */
  source: string;
  /** The page, from the root of the site: `options.md`. */
  site: string;
  /** Its first heading, or a name that says more in a list of pages. */
  title: string;
}

/** A group of the sidebar. */
export interface Group {
  title: string;
  pages: Page[];
}

// Order and names of the groups. A guide that is in none of them is added to the group "Guides", an adapter page to
// "Frameworks".
const GROUPS: Record<string, string[]> = {
  'Start here': [
    'README.md',
    'docs/migrating-to-google-health.md',
    'docs/from-passport-fitbit-oauth2.md',
    'examples/README.md',
  ],
  Frameworks: [],
  Guides: [
    'docs/options.md',
    'docs/token-manager.md',
    'docs/token-stores.md',
    'docs/webhooks.md',
    'docs/security-events.md',
  ],
  Help: ['docs/errors.md', 'docs/troubleshooting.md', 'docs/faq.md', 'docs/glossary.md'],
  'API reference': ['docs/api/README.md'],
  'Local simulator': ['simulator/README.md', 'simulator/docs/facts.md', 'simulator/CHANGELOG.md'],
  Project: [
    'SECURITY.md',
    'docs/architecture.md',
    'docs/differences-from-passport-oauth2.md',
    'docs/testing.md',
    'bench/results.md',
    'bench/notes.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ],
};

// Pages whose first heading is not their name in a list.
const TITLES: Record<string, string> = {
  'README.md': 'Quick start',
  'docs/api/README.md': 'Entry points',
  'docs/api/index.md': 'passport-fitbit-strategy',
  'simulator/CHANGELOG.md': 'Changelog of the simulator',
};

// Pages that the site has in another place than the repository; the rest of docs/ and simulator/docs/ moves up.
const MOVED: Record<string, string> = {
  'README.md': 'index.md',
  'docs/api/README.md': 'api/index.md',
  'docs/api/index.md': 'api/passport-fitbit-strategy.md',
  'simulator/README.md': 'simulator/index.md',
  'examples/README.md': 'examples.md',
  'bench/results.md': 'benchmarks.md',
  'bench/notes.md': 'benchmark-notes.md',
};

/** The Markdown files of a folder, from the root of the repository. */
function markdownIn(folder: string, recursive = false): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
    .sort();
}

function sitePath(source: string): string {
  return (
    MOVED[source] ??
    source
      .replace(/^docs\/|(?<=^simulator\/)docs\//, '')
      .replace(/^[A-Z]+(?=\.md$)/, (name) => name.toLowerCase())
  );
}

function toPage(source: string): Page {
  const [, heading] = /^# (.+)$/m.exec(readFileSync(join(root, source), 'utf8')) ?? [];
  if (heading === undefined) throw new Error(`${source} has no heading of the first level`);
  return { source, site: sitePath(source), title: TITLES[source] ?? heading.replaceAll('`', '') };
}

/** The groups of the sidebar, with every page of the site. */
export function readGroups(): Group[] {
  const listed = new Set(Object.values(GROUPS).flat());
  const more = (sources: string[]) => sources.filter((source) => !listed.has(source));
  const found: Record<string, string[]> = {
    Frameworks: more(markdownIn('docs/frameworks')),
    Guides: more(markdownIn('docs')),
    'API reference': more(markdownIn('docs/api', true)),
    'Local simulator': more(markdownIn('simulator/docs')),
  };
  return Object.entries(GROUPS)
    .map(([title, sources]) => ({ title, pages: [...sources, ...(found[title] ?? [])].map(toPage) }))
    .filter(({ pages }) => pages.length > 0);
}

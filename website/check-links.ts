import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Follows the links of the built pages: files, and anchors within them. Returns those that lead nowhere. */
export function findDeadLinks(outDir: string, base: string): string[] {
  const files = readdirSync(outDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.html'),
  );
  const pages = new Map(files.map((name) => [name, readFileSync(join(outDir, name), 'utf8')]));
  const ids = new Map(
    [...pages].map(([name, html]) => [
      name,
      new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => decode(id))),
    ]),
  );

  /** The file that a server sends for a URL. */
  const fileOf = (path: string): string | undefined => {
    const name = decodeURIComponent(path.slice(base.length));
    const file = name === '' || name.endsWith('/') ? `${name}index.html` : name;
    return existsSync(join(outDir, file)) && statSync(join(outDir, file)).isFile() ? file : undefined;
  };

  const dead: string[] = [];
  for (const [name, html] of pages) {
    if (name === '404.html') continue;
    const here = new URL(base + name, 'http://site');
    for (const [, link = ''] of html.matchAll(/\s(?:href|src|srcset)="([^"]+)"/g)) {
      const url = new URL(decode(link), here);
      if (url.host !== here.host) continue;
      const file = url.pathname.startsWith(base) ? fileOf(url.pathname) : undefined;
      const anchor = decodeURIComponent(url.hash.slice(1));
      const isKnown = file !== undefined && (anchor === '' || ids.get(file)?.has(anchor) !== false);
      if (!isKnown) dead.push(`${name}: ${link}`);
    }
  }
  return [...new Set(dead)];
}

function decode(attribute: string): string {
  return attribute.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}

// `absolute`: the README of the package in the current folder gets absolute links, for the registry's page and for
// node_modules, where the pages and pictures that it links to are missing. `restore`: as it was before.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const { name, version, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const copy = join(root, 'node_modules/.cache/readme', `${name}.md`);

if (process.argv[2] === 'restore') {
  if (existsSync(copy)) renameSync(copy, 'README.md');
} else {
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync('README.md', copy);
  writeFileSync('README.md', withAbsoluteLinks(readFileSync('README.md', 'utf8')));
}

/** Links lead to the page of this version's tag, pictures to the file itself. */
function withAbsoluteLinks(text) {
  const base = repository.url.replace(/^git\+|\.git$/g, '');
  const to = (kind, path) => `${base}/${kind}/v${version}/${posix.join(repository.directory ?? '', path)}`;
  return text
    .replaceAll(/(!?)\]\((?!https?:|#|mailto:)([^)\s]+)\)/g, (_, _mark, path) => `](${to('blob', path)})`)
    .replaceAll(/(?<=\b(?:src|srcset)=")(?!https?:)([^"\s]+)(?=")/g, (path) => to('raw', path));
}

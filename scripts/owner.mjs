// Sets the GitHub account that the repository belongs to, in every file that names it: npm run owner -- <account>
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const FILES = [
  'package.json',
  'simulator/package.json',
  'package-lock.json',
  '.github/ISSUE_TEMPLATE/config.yml',
];

const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [, now] = /github\.com\/([^/]+)\//.exec(repository.url) ?? [];
const owner = process.argv[2];
if (owner === undefined || !/^[a-z\d]+(-[a-z\d]+)*$/i.test(owner)) {
  console.error(`The repository belongs to ${now}. Name another GitHub account: npm run owner -- <account>`);
  process.exitCode = 1;
} else {
  for (const file of FILES) {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text
        .replaceAll(`github.com/${now}/`, `github.com/${owner}/`)
        .replaceAll(`github.com/sponsors/${now}"`, `github.com/sponsors/${owner}"`),
    );
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages.ts';

const manifest: { name: string; description: string; version: string; repository: { url: string } } =
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const repository = manifest.repository.url.replace(/^git\+|\.git$/g, '');
const [, owner = ''] = /github\.com\/([^/]+)\//.exec(repository) ?? [];

/** The names and addresses of the package and of its site. */
export const site = {
  name: manifest.name,
  version: manifest.version,
  repository,
  /** With a slash at the end. `SITE_URL` replaces it, for a domain of your own. */
  url: new URL(
    `${process.env.SITE_URL ?? `https://${owner.toLowerCase()}.github.io/${manifest.name}`}/`.replace(
      /\/+$/,
      '/',
    ),
  ),
};

import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Build, entryOf, PACKAGE } from './contenders/index.ts';

const SECTION_NAMES = [
  'callback',
  'tls',
  'login',
  'requests',
  'memory',
  'webhooks',
  'startup',
  'install',
] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** How a run goes. */
export interface Options {
  /** Fewer rounds: a look, not a measurement. */
  quick: boolean;
  /** The sections to run. */
  only: readonly SectionName[];
  /** The builds of this package to measure. */
  builds: readonly Build[];
  /** Where the results go; empty if nothing is to be written. */
  output: string;
}

const USAGE = `usage: npm run bench -- [options]

  --quick           fewer rounds after the same warm-up: a look, not a measurement
  --only <names>    some sections, with commas: ${SECTION_NAMES.join(', ')}
  --dist <folders>  builds of the package to compare in one run, with commas: folders that contain a built dist/,
                    each called by the folder's name (default: this repository)
  --output <file>   where the results go (default: bench/results.md for a whole run of this repository, else nowhere)`;

/** Reads the command line; ends the process if there is nothing to run. */
export function readOptions(root: string): Options {
  try {
    return parse(root);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(1);
  }
}

function parse(root: string): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      dist: { type: 'string' },
      output: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const whole = !values.quick && values.only === undefined && values.dist === undefined;
  return {
    quick: values.quick,
    only: values.only === undefined ? SECTION_NAMES : toSections(values.only.split(',')),
    builds: values.dist === undefined ? [toBuild(root, PACKAGE)] : toBuilds(values.dist.split(',')),
    output: values.output ?? (whole ? `${root}/bench/results.md` : ''),
  };
}

function toSections(wanted: readonly string[]): SectionName[] {
  const names: readonly string[] = SECTION_NAMES;
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--only: there is no section "${unknown}". Choose from ${SECTION_NAMES.join(', ')}.`);
  }
  return SECTION_NAMES.filter((name) => wanted.includes(name));
}

function toBuilds(folders: readonly string[]): Build[] {
  const builds = folders.map((folder) => toBuild(resolve(folder), basename(resolve(folder))));
  const twice = builds.find(({ name }, index) => builds.findIndex((build) => build.name === name) < index);
  if (twice !== undefined) {
    throw new Error(
      `--dist: two folders are called "${twice.name}". Rename one: the tables use these names.`,
    );
  }
  return builds;
}

function toBuild(folder: string, name: string): Build {
  const build: Build = { role: 'build', name, folder };
  if (!existsSync(entryOf(build))) {
    throw new Error(`--dist: ${entryOf(build)} does not exist. Run \`npm run build\` in ${folder}.`);
  }
  return build;
}

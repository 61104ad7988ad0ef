import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const SECTION_NAMES = ['callback', 'tls', 'login', 'requests', 'memory', 'startup', 'install'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** How a run goes. */
export interface Options {
  /** Fewer rounds: a look, not a measurement. */
  quick: boolean;
  /** The sections to run. */
  only: readonly SectionName[];
  /** The folder of the built package. */
  dist: string;
  /** Where the results go; empty if nothing is to be written. */
  output: string;
}

const USAGE = `usage: npm run bench -- [options]

  --quick          a fifth of the rounds
  --only <names>   some sections, with commas: ${SECTION_NAMES.join(', ')}
  --dist <folder>  another build of the package
  --output <file>  where the results go (default: bench/results.md for a whole run, else nowhere)`;

/** Reads the command line; ends the process if there is nothing to run. */
export function readOptions(root: string): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: SECTION_NAMES.join(',') },
      dist: { type: 'string', default: `${root}/dist` },
      output: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const wanted = values.only.split(',');
  const only = SECTION_NAMES.filter((name) => wanted.includes(name));
  if (values.help || only.length < wanted.length) {
    console.log(USAGE);
    process.exit(values.help ? 0 : 1);
  }
  const whole = !values.quick && only.length === SECTION_NAMES.length;
  return {
    quick: values.quick,
    only,
    dist: resolve(values.dist),
    output: values.output ?? (whole ? `${root}/bench/results.md` : ''),
  };
}

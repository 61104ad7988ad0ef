import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Build, RIVAL_PACKAGES } from '../contenders/index.ts';
import { ratio, type Section, spread } from '../report.ts';
import { interleave, summarize } from '../statistics.ts';

type Format = 'ESM' | 'CommonJS';

interface Entry {
  name: string;
  format: Format;
  /** What is imported: a file or a package. */
  target: string;
}

const BASE = 'passport-oauth2';

const SCRIPTS: Record<Format, string[]> = {
  ESM: [
    '--input-type=module',
    '-e',
    'const t = performance.now(); await import(process.argv[1]); console.log(performance.now() - t)',
  ],
  CommonJS: [
    '-e',
    'const t = performance.now(); require(process.argv[1]); console.log(performance.now() - t)',
  ],
};

/** Import times, each in a process of its own. */
export async function startupSection(
  root: string,
  builds: readonly Build[],
  quick: boolean,
): Promise<Section> {
  const entries = [...rivalEntries(), ...builds.flatMap(ownEntries)];
  const measure = async ({ format, target }: Entry) =>
    Number(execFileSync(process.execPath, [...SCRIPTS[format], target], { cwd: join(root, 'bench') }));
  const samples = await interleave(entries, quick ? 5 : 21, measure);
  const measured = [...samples].map(([entry, times]) => ({ ...entry, time: summarize(times) }));
  const base = (format: Format) =>
    measured.find((each) => each.name === BASE && each.format === format)?.time.median ?? Number.NaN;
  return {
    tables: [
      {
        title: 'Start-up',
        note: `Time to import, each in a fresh process; compared with ${BASE} alone in the same format. Express is not part of it.`,
        head: ['', '', 'ms, median (quartiles)', `of ${BASE}`],
        rows: measured.map(({ name, format, time }) => [
          name,
          format,
          spread(time),
          ratio(time.median, base(format)),
        ]),
      },
    ],
    goals: measured
      .filter(({ name }) => builds.some((build) => build.name === name))
      .map(({ name, format, time }) => ({
        goal: `import (${format}): at most 1.3 × ${BASE} alone`,
        build: name,
        measured: ratio(time.median, base(format)),
        met: time.median <= 1.3 * base(format),
      })),
  };
}

function rivalEntries(): Entry[] {
  return RIVAL_PACKAGES.flatMap((name): Entry[] =>
    name === 'openid-client'
      ? [{ name: 'openid-client/passport', format: 'ESM', target: 'openid-client/passport' }]
      : [
          { name, format: 'ESM', target: name },
          { name, format: 'CommonJS', target: name },
        ],
  );
}

/** The entries of package.json's `exports` that are built. */
function ownEntries({ name: buildName, folder }: Build): Entry[] {
  interface Conditions {
    import: { default: string };
    require: { default: string };
  }
  const manifest: { exports: Record<string, Conditions | string> } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  return Object.entries(manifest.exports).flatMap(([path, conditions]): Entry[] => {
    if (typeof conditions === 'string') return [];
    const name = buildName + path.slice(1);
    const file = (built: { default: string }) => join(folder, built.default);
    const both: Entry[] = [
      { name, format: 'ESM', target: file(conditions.import) },
      { name, format: 'CommonJS', target: file(conditions.require) },
    ];
    return both.filter(({ target }) => existsSync(target));
  });
}

// Runs the simulation, one process for each core:
//   npm run simulate -- [fault class…] [--seeds 1000] [--from 1] [--window ms]
// or tells one run from beginning to end:
//   npm run simulate -- crash --seed 42 --trace
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FAULTS, type FaultClass } from './faults.ts';
import { simulate } from './simulate.ts';

const SHOWN = 5; // seeds of a class whose violations are shown

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    window: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const isClass = (name: string): name is FaultClass => name in FAULTS;
const names = positionals.length > 0 ? positionals : Object.keys(FAULTS);
const wrong = names.find((name) => !isClass(name));
if (wrong !== undefined) throw new Error(`${wrong} is none of ${Object.keys(FAULTS).join(', ')}`);

if (names.length === 1) await Promise.all(names.filter(isClass).map(run));
else await share(names);

/** Runs the seeds of a class. */
async function run(name: FaultClass): Promise<void> {
  const window = values.window === undefined ? undefined : Number(values.window);
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const total = { calls: 0, errors: 0, refreshes: 0, repeats: 0, reuses: 0, hopeless: 0 };
  let failed = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const { violations, counts, trace } = await simulate(seed, FAULTS[name], { window, trace: values.trace });
    for (const key of ['calls', 'errors', 'refreshes', 'repeats', 'reuses', 'hopeless'] as const)
      total[key] += counts[key];
    if (trace !== undefined) console.info(trace.join('\n'));
    if (violations.length === 0) continue;
    failed += 1;
    process.exitCode = 1;
    if (failed <= SHOWN) console.info(`${name}, seed ${seed}: ${violations.join('; ')}`);
  }
  const { calls, errors, refreshes, repeats, reuses, hopeless } = total;
  console.info(
    `${name}: ${count} seeds, ${failed} with violations; ${calls} calls, ${errors} errors, ${refreshes} refreshes, ${repeats} answered again, ${reuses} too late, ${hopeless} lost after four failures in a row`,
  );
}

/** Gives each class to a process of its own. */
async function share(classes: readonly string[]): Promise<void> {
  const queue = classes.values();
  const options = process.argv.slice(2).filter((argument) => !positionals.includes(argument));
  const work = async () => {
    for (const name of queue) {
      const [code] = await once(fork(process.argv[1] ?? '', [name, ...options]), 'exit');
      if (code !== 0) process.exitCode = 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

import type { CallbackChild, Cost } from '../children/callback.ts';
import type { Provider } from '../contenders/contender.ts';
import { FLOOR, OURS, RUNNERS, type Runner } from '../contenders/index.ts';
import { ratio, type Section, spread, type Table } from '../report.ts';
import { Child } from '../rpc.ts';
import { interleave, type Summary, summarize } from '../statistics.ts';

/** How much is measured. */
export interface Effort {
  /** Callbacks before the first sample, in which V8 compiles what it is going to compile. */
  warmUp: number;
  /** Processes of each contender, one after the other: compilation turns out differently in each. */
  processes: number;
  /** Samples of each process. */
  rounds: number;
  /** Callbacks in a sample. */
  count: number;
}

interface Measured {
  name: Runner;
  cpu: Summary;
  wall: Summary;
}

async function measureProcesses(
  provider: Provider,
  { warmUp, rounds, count }: Effort,
  concurrencies: readonly number[],
  env: Record<string, string>,
): Promise<Map<number, Map<Runner, Cost[]>>> {
  const running = new Map(RUNNERS.map((name) => [name, new Child<CallbackChild>('callback', env)]));
  const child = (name: Runner) => running.get(name) as Child<CallbackChild>;
  try {
    for (const name of RUNNERS) {
      await child(name).call('load', name, provider);
    }
    const costs = new Map<number, Map<Runner, Cost[]>>();
    for (const atATime of concurrencies) {
      const run = (name: Runner) => child(name).call('run', count, atATime);
      // In turns, too: who were warmed up first would have cooled down by the time that the others are.
      await interleave(RUNNERS, Math.ceil(warmUp / count), run);
      costs.set(atATime, await interleave(RUNNERS, rounds, run));
    }
    return costs;
  } finally {
    for (const each of running.values()) await each.stop();
  }
}

/** Measures the callback of every contender; by how many are under way at a time. */
export async function measureCallbacks(
  provider: Provider,
  effort: Effort,
  concurrencies: readonly number[],
  env: Record<string, string> = {},
): Promise<Map<number, Measured[]>> {
  const all = new Map(concurrencies.map((each) => [each, new Map<Runner, Cost[]>()]));
  for (let turn = 0; turn < effort.processes; turn += 1) {
    for (const [atATime, costs] of await measureProcesses(provider, effort, concurrencies, env)) {
      const collected = all.get(atATime);
      for (const [name, samples] of costs) collected?.set(name, [...(collected.get(name) ?? []), ...samples]);
    }
  }
  const toMeasured = ([name, costs]: [Runner, Cost[]]): Measured => ({
    name,
    cpu: summarize(costs.map(({ cpu }) => cpu)),
    wall: summarize(costs.map(({ wall }) => wall)),
  });
  return new Map([...all].map(([atATime, costs]) => [atATime, [...costs].map(toMeasured)]));
}

export function callbackTable(title: string, note: string, measured: readonly Measured[]): Table {
  const base = cpuOf(measured, FLOOR);
  return {
    title,
    note,
    head: ['', 'CPU µs, median (quartiles)', 'of the floor', 'wall µs, median (quartiles)'],
    rows: measured.map(({ name, cpu, wall }) => [name, spread(cpu), ratio(cpu.median, base), spread(wall)]),
  };
}

function cpuOf(measured: readonly Measured[], wanted: Runner): number {
  return measured.find(({ name }) => name === wanted)?.cpu.median ?? Number.NaN;
}

/** Callbacks over plain HTTP, one and sixteen at a time. */
export async function callbackSection(provider: Provider, quick: boolean): Promise<Section> {
  const effort = {
    warmUp: 6000,
    count: 100,
    ...(quick ? { processes: 1, rounds: 20 } : { processes: 3, rounds: 40 }),
  };
  const measured = await measureCallbacks(provider, effort, [1, 16]);
  const note =
    'What one completed callback costs the process: state checked, code exchanged, profile fetched and parsed, `verify` called. The floor is the same two requests written by hand on node:http, with a `JSON.parse` each.';
  return {
    tables: [...measured].map(([atATime, each]) =>
      callbackTable(`Callback, ${atATime} at a time`, note, each),
    ),
    goals: [...measured].flatMap(([atATime, each]) => goals(atATime, each)),
  };
}

function goals(atATime: number, measured: readonly Measured[]) {
  const own = cpuOf(measured, OURS);
  const base = cpuOf(measured, FLOOR);
  const rivals = measured.filter(({ name }) => name !== OURS && name !== FLOOR);
  const best = Math.min(...rivals.map(({ cpu }) => cpu.median));
  return [
    {
      goal: `callback, ${atATime} at a time: CPU at most 1.05 × the floor`,
      measured: ratio(own, base, 3),
      // Nobody can be below the floor: if somebody is, the run says more about the machine.
      met: base <= Math.min(own, best) ? own <= 1.05 * base : undefined,
    },
    {
      goal: `callback, ${atATime} at a time: CPU below every rival`,
      measured: `${own.toFixed(1)} µs, the best rival ${best.toFixed(1)} µs`,
      met: own < best,
    },
  ];
}

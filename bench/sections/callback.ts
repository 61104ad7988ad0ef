import type { CallbackChild, Cost } from '../children/callback.ts';
import { buildsIn, type CpuUse, cheapestRival, cpuOf, ratioColumns } from '../comparison.ts';
import type { Provider } from '../contenders/contender.ts';
import { type Build, FLOOR, RIVALS, type Runner } from '../contenders/index.ts';
import { type Goal, ratio, type Section, spread, type Table } from '../report.ts';
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

interface Measured extends CpuUse {
  /** µs on the clock. */
  wall: Summary;
}

async function measureProcesses(
  provider: Provider,
  runners: readonly Runner[],
  { warmUp, rounds, count }: Effort,
  concurrencies: readonly number[],
  env: Record<string, string>,
): Promise<Map<number, Map<Runner, Cost[]>>> {
  const running = new Map(runners.map((runner) => [runner, new Child<CallbackChild>('callback', env)]));
  const child = (runner: Runner) => running.get(runner) as Child<CallbackChild>;
  try {
    for (const runner of runners) {
      await child(runner).call('load', runner, provider);
    }
    const costs = new Map<number, Map<Runner, Cost[]>>();
    for (const atATime of concurrencies) {
      const run = (runner: Runner) => child(runner).call('run', count, atATime);
      // In turns, too: who were warmed up first would have cooled down by the time that the others are.
      await interleave(runners, Math.ceil(warmUp / count), run);
      costs.set(atATime, await interleave(runners, rounds, run));
    }
    return costs;
  } finally {
    for (const each of running.values()) await each.stop();
  }
}

/** Measures the callback of every contender; by how many are under way at a time. */
export async function measureCallbacks(
  provider: Provider,
  builds: readonly Build[],
  effort: Effort,
  concurrencies: readonly number[],
  env: Record<string, string> = {},
): Promise<Map<number, Measured[]>> {
  const runners = [FLOOR, ...builds, ...RIVALS];
  const all = new Map(concurrencies.map((each) => [each, new Map<Runner, Cost[]>()]));
  for (let turn = 0; turn < effort.processes; turn += 1) {
    for (const [atATime, costs] of await measureProcesses(provider, runners, effort, concurrencies, env)) {
      const collected = all.get(atATime);
      for (const [runner, samples] of costs)
        collected?.set(runner, [...(collected.get(runner) ?? []), ...samples]);
    }
  }
  const toMeasured = ([runner, costs]: [Runner, Cost[]]): Measured => ({
    runner,
    cpu: summarize(costs.map(({ cpu }) => cpu)),
    wall: summarize(costs.map(({ wall }) => wall)),
  });
  return new Map([...all].map(([atATime, costs]) => [atATime, [...costs].map(toMeasured)]));
}

export function callbackTable(title: string, note: string, measured: readonly Measured[]): Table {
  const ratios = ratioColumns(measured);
  return {
    title,
    note,
    head: ['', 'CPU µs, median (quartiles)', ...ratios.head, 'wall µs, median (quartiles)'],
    rows: measured.map(({ runner, cpu, wall }) => [
      runner.name,
      spread(cpu),
      ...ratios.cells(cpu),
      spread(wall),
    ]),
  };
}

/** Callbacks over plain HTTP, one and sixteen at a time. */
export async function callbackSection(
  provider: Provider,
  builds: readonly Build[],
  quick: boolean,
): Promise<Section> {
  const effort = {
    warmUp: 6000,
    count: 100,
    ...(quick ? { processes: 1, rounds: 15 } : { processes: 3, rounds: 40 }),
  };
  const measured = await measureCallbacks(provider, builds, effort, [1, 16]);
  const note =
    'What one completed callback costs the process: state checked, code exchanged, profile fetched and parsed, `verify` called. The floor is the same two requests written by hand on node:http, with a `JSON.parse` each.';
  return {
    tables: [...measured].map(([atATime, each]) =>
      callbackTable(`Callback, ${atATime} at a time`, note, each),
    ),
    goals: [...measured].flatMap(([atATime, each]) => goals(atATime, each)),
  };
}

function goals(atATime: number, measured: readonly Measured[]): Goal[] {
  const floor = cpuOf(measured, FLOOR);
  // Nothing can be below the floor: if something is, the run says more about the machine.
  const floorIsLowest = measured.every(({ cpu }) => cpu.median >= floor);
  const { runner: rival, cpu: cheapest } = cheapestRival(measured);
  return buildsIn(measured).flatMap(({ runner, cpu: own }) => [
    {
      goal: `callback, ${atATime} at a time: CPU at most that of the cheapest rival`,
      build: runner.name,
      measured: `${ratio(own.median, cheapest.median, 3)} (${own.median.toFixed(1)} µs, ${rival.name} ${cheapest.median.toFixed(1)} µs)`,
      met: own.median <= cheapest.median,
    },
    {
      goal: `callback, ${atATime} at a time: CPU at most 1.05 × the floor`,
      build: runner.name,
      measured: ratio(own.median, floor, 3),
      met: floorIsLowest ? own.median <= 1.05 * floor : undefined,
    },
  ]);
}

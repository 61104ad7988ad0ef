import { setTimeout as sleep } from 'node:timers/promises';
import type { CallbackChild } from '../children/callback.ts';
import type { World } from '../children/world.ts';
import { type Build, FLOOR, RIVALS, type Rival, type Runner } from '../contenders/index.ts';
import { megabytes, type Section } from '../report.ts';
import { Child } from '../rpc.ts';

const PATIENCE = 60_000; // ms

/** Memory: of logins that wait for the provider, and under an answer without end. */
export async function memorySection(
  world: Child<World>,
  base: string,
  builds: readonly Build[],
  quick: boolean,
): Promise<Section> {
  const logins = quick ? 2000 : 10_000;
  const waiting = [];
  for (const runner of [FLOOR, ...builds, ...RIVALS]) waiting.push(await wait(world, base, runner, logins));
  const huge = [];
  for (const runner of quick ? builds : [...builds, ...RIVALS]) huge.push(await pour(base, runner));
  return {
    tables: [
      {
        title: `${logins} logins that wait`,
        note: 'A provider that accepts connections and never answers. Memory of the process after a garbage collection, above what it had before; each login has a connection of its own.',
        head: ['', 'heap', 'resident', 'heap per login'],
        rows: waiting.map(({ name, heap, resident }) => [
          name,
          megabytes(heap),
          megabytes(resident),
          `${(heap / logins / 1024).toFixed(1)} kB`,
        ]),
      },
      {
        title: 'An answer of 400 MB',
        note: 'The provider answers the code exchange with 400 MB. The highest resident memory of the process, above what it had before.',
        head: ['', 'memory', 'time', 'it ends with'],
        rows: huge.map(({ name, peak, ms, outcome }) => [
          name,
          megabytes(peak),
          `${(ms / 1000).toFixed(2)} s`,
          outcome,
        ]),
      },
    ],
    goals: [],
  };
}

async function wait(world: Child<World>, base: string, runner: Runner, logins: number) {
  const child = new Child<CallbackChild>('callback');
  try {
    await child.call('load', runner, { base });
    await child.call('run', 200, 16);
    await child.call('load', runner, { base: `${base}/silent` });
    const before = await child.call('memory');
    await world.call('requests');
    await child.call('wait', logins);
    let arrived = 0;
    const start = performance.now();
    while (arrived < logins && performance.now() - start < PATIENCE) {
      arrived += await world.call('requests');
      await sleep(50);
    }
    if (arrived < logins) throw new Error(`${runner.name}: only ${arrived} of ${logins} requests arrived`);
    const after = await child.call('memory');
    return { name: runner.name, heap: after.heap - before.heap, resident: after.resident - before.resident };
  } finally {
    await child.stop();
  }
}

async function pour(base: string, runner: Build | Rival) {
  const child = new Child<CallbackChild>('callback');
  try {
    await child.call('load', runner, { base: `${base}/huge` });
    const { resident } = await child.call('memory');
    const { peak, ms, outcome } = await Promise.race([
      child.call('once'),
      sleep(PATIENCE, { peak: Number.NaN, ms: PATIENCE, outcome: 'nothing within a minute' }),
    ]);
    return { name: runner.name, peak: peak - resident, ms, outcome };
  } finally {
    await child.stop();
  }
}

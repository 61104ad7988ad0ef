import type { AppChild } from '../children/app.ts';
import type { World } from '../children/world.ts';
import type { Provider } from '../contenders/contender.ts';
import { FLOOR, OURS, RUNNERS, type Runner } from '../contenders/index.ts';
import { ratio, type Section, spread } from '../report.ts';
import { Child } from '../rpc.ts';
import { interleave, summarize } from '../statistics.ts';

const AT_A_TIME = 16;
const COUNT = 200; // logins in a sample
const WARM_UP = 3000; // logins

interface Login {
  /** µs of CPU of the app's process. */
  cpu: number;
  perSecond: number;
}

/** One process of each contender. */
async function measureApps(
  world: Child<World>,
  provider: Provider,
  warmUp: number,
  rounds: number,
): Promise<Map<Runner, Login[]>> {
  const apps = new Map<Runner, { app: Child<AppChild>; origin: string }>();
  const measure = async (name: Runner): Promise<Login> => {
    const { app, origin } = apps.get(name) as { app: Child<AppChild>; origin: string };
    await app.call('clear');
    const before = await app.call('cpu');
    const ms = await world.call('logins', origin, COUNT, AT_A_TIME);
    return { cpu: ((await app.call('cpu')) - before) / COUNT, perSecond: (COUNT * 1000) / ms };
  };
  try {
    for (const name of RUNNERS) {
      const app = new Child<AppChild>('app');
      apps.set(name, { app, origin: await app.call('listen', name, provider) });
    }
    await interleave(RUNNERS, warmUp / COUNT, measure);
    return await interleave(RUNNERS, rounds, measure);
  } finally {
    for (const { app } of apps.values()) await app.stop();
  }
}

/** Whole logins through Express, express-session and Passport. */
export async function loginSection(
  world: Child<World>,
  provider: Provider,
  quick: boolean,
): Promise<Section> {
  const samples = new Map<Runner, Login[]>(RUNNERS.map((name) => [name, []]));
  // Several processes, one after the other: compilation turns out differently in each.
  for (let turn = 0; turn < (quick ? 1 : 4); turn += 1) {
    const logins = await measureApps(world, provider, quick ? WARM_UP / 3 : WARM_UP, quick ? 7 : 15);
    for (const [name, each] of logins) samples.get(name)?.push(...each);
  }
  return report(samples);
}

function report(samples: Map<Runner, Login[]>): Section {
  const measured = [...samples].map(([name, logins]) => ({
    name,
    cpu: summarize(logins.map(({ cpu }) => cpu)),
    perSecond: summarize(logins.map(({ perSecond }) => perSecond)),
  }));
  const of = (wanted: Runner) => measured.find(({ name }) => name === wanted);
  const base = of(FLOOR)?.cpu.median ?? Number.NaN;
  const own = of(OURS);
  const rivals = measured.filter(({ name }) => name !== OURS && name !== FLOOR);
  const fastest = Math.max(...rivals.map(({ perSecond }) => perSecond.median));
  const cheapest = Math.min(...rivals.map(({ cpu }) => cpu.median));
  return {
    tables: [
      {
        title: 'Whole login',
        note: `Through Express 5, express-session (MemoryStore) and Passport: the redirect, the callback, the new session. ${AT_A_TIME} people at a time, who share a process with the provider. passport-fitbit-strategy and openid-client do PKCE and state, the others state alone, the floor state alone and without Passport.`,
        head: ['', 'logins/s, median (quartiles)', 'CPU µs, median (quartiles)', 'of the floor'],
        rows: measured.map(({ name, cpu, perSecond }) => [
          name,
          spread(perSecond, 0),
          spread(cpu, 0),
          ratio(cpu.median, base),
        ]),
      },
    ],
    goals: [
      {
        goal: 'whole login: no slower than the fastest rival',
        measured: `${own?.perSecond.median.toFixed(0)} logins/s, the fastest rival ${fastest.toFixed(0)}`,
        met: (own?.perSecond.median ?? 0) >= fastest,
      },
      {
        goal: 'whole login: CPU not above the cheapest rival',
        measured: `${own?.cpu.median.toFixed(0)} µs, the cheapest rival ${cheapest.toFixed(0)} µs`,
        met: (own?.cpu.median ?? Number.NaN) <= cheapest,
      },
    ],
  };
}

import type { AppChild } from '../children/app.ts';
import type { World } from '../children/world.ts';
import { buildsIn, cpuOf, ratioColumns } from '../comparison.ts';
import type { Provider } from '../contenders/contender.ts';
import { type Build, FLOOR, PASSPORT_OAUTH2_WITH_PKCE, RIVALS, type Runner } from '../contenders/index.ts';
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
  runners: readonly Runner[],
  rounds: number,
): Promise<Map<Runner, Login[]>> {
  const apps = new Map<Runner, { app: Child<AppChild>; origin: string }>();
  const measure = async (runner: Runner): Promise<Login> => {
    const { app, origin } = apps.get(runner) as { app: Child<AppChild>; origin: string };
    await app.call('clear');
    const before = await app.call('cpu');
    const ms = await world.call('logins', origin, COUNT, AT_A_TIME);
    return { cpu: ((await app.call('cpu')) - before) / COUNT, perSecond: (COUNT * 1000) / ms };
  };
  try {
    for (const runner of runners) {
      const app = new Child<AppChild>('app');
      apps.set(runner, { app, origin: await app.call('listen', runner, provider) });
    }
    await interleave(runners, WARM_UP / COUNT, measure);
    return await interleave(runners, rounds, measure);
  } finally {
    for (const { app } of apps.values()) await app.stop();
  }
}

/** Whole logins through Express, express-session and Passport. */
export async function loginSection(
  world: Child<World>,
  provider: Provider,
  builds: readonly Build[],
  quick: boolean,
): Promise<Section> {
  const runners = [FLOOR, ...builds, ...RIVALS, PASSPORT_OAUTH2_WITH_PKCE];
  const samples = new Map<Runner, Login[]>(runners.map((runner) => [runner, []]));
  // Several processes, one after the other: compilation turns out differently in each.
  for (let turn = 0; turn < (quick ? 1 : 4); turn += 1) {
    const logins = await measureApps(world, provider, runners, quick ? 7 : 15);
    for (const [runner, each] of logins) samples.get(runner)?.push(...each);
  }
  return report(samples);
}

function report(samples: Map<Runner, Login[]>): Section {
  const measured = [...samples].map(([runner, logins]) => ({
    runner,
    cpu: summarize(logins.map(({ cpu }) => cpu)),
    perSecond: summarize(logins.map(({ perSecond }) => perSecond)),
  }));
  const ratios = ratioColumns(measured, [PASSPORT_OAUTH2_WITH_PKCE]);
  const withPkce = cpuOf(measured, PASSPORT_OAUTH2_WITH_PKCE);
  return {
    tables: [
      {
        title: 'Whole login',
        note: `Through Express 5, express-session (MemoryStore) and Passport: the redirect, the callback, the new session. ${AT_A_TIME} users at a time, who share a process with the provider. passport-fitbit-strategy, openid-client and ${PASSPORT_OAUTH2_WITH_PKCE.name} do PKCE and state, the others state alone, the floor state alone and without Passport.`,
        head: ['', 'logins/s, median (quartiles)', 'CPU µs, median (quartiles)', ...ratios.head],
        rows: measured.map(({ runner, cpu, perSecond }) => [
          runner.name,
          spread(perSecond, 0),
          spread(cpu, 0),
          ...ratios.cells(cpu),
        ]),
      },
    ],
    goals: buildsIn(measured).map(({ runner, cpu }) => ({
      goal: 'whole login: CPU at most 1.00 × passport-oauth2 with state and PKCE',
      build: runner.name,
      measured: `${ratio(cpu.median, withPkce, 3)} (${cpu.median.toFixed(0)} µs, ${PASSPORT_OAUTH2_WITH_PKCE.name} ${withPkce.toFixed(0)} µs)`,
      met: cpu.median <= withPkce,
    })),
  };
}

import type { CallbackChild } from '../children/callback.ts';
import type { World } from '../children/world.ts';
import { type Build, RIVALS, type Rival } from '../contenders/index.ts';
import type { Section } from '../report.ts';
import { Child } from '../rpc.ts';

const CALLERS = 1000;

/** What is asked of the provider: at a login without the `profile` scope, and when many refresh at once. */
export async function requestsSection(
  world: Child<World>,
  base: string,
  builds: readonly Build[],
): Promise<Section> {
  const own = [];
  for (const build of builds) own.push(await count(world, base, build));
  const results = [...own];
  for (const rival of RIVALS) results.push(await count(world, base, rival));
  return {
    tables: [
      {
        title: 'Requests to the provider',
        note: `One login whose user did not grant \`profile\` (the provider answers the profile request with 403 \`insufficient_scope\`), and ${CALLERS} concurrent refresh calls for one refresh token (rivals on passport-oauth2: through passport-oauth2-refresh).`,
        head: ['', 'login without profile', 'it ends with', `requests for ${CALLERS} refresh calls`],
        rows: results.map(({ name, login, outcome, refreshes }) => [
          name,
          String(login),
          outcome,
          String(refreshes),
        ]),
      },
    ],
    goals: own.flatMap(({ name, login, outcome, refreshes }) => [
      {
        goal: 'one request for a login without profile',
        build: name,
        measured: `${login}, ${outcome}`,
        met: login === 1 && outcome === 'signed in',
      },
      {
        goal: `one refresh for ${CALLERS} callers`,
        build: name,
        measured: String(refreshes),
        met: refreshes === 1,
      },
    ]),
  };
}

async function count(world: Child<World>, base: string, runner: Build | Rival) {
  const child = new Child<CallbackChild>('callback');
  try {
    await child.call('load', runner, { base: `${base}/without-profile` });
    await world.call('requests');
    const { outcome } = await child.call('once');
    const login = await world.call('requests');
    const answered = await child.call('refresh', CALLERS);
    const refreshes = await world.call('requests');
    if (answered !== CALLERS) throw new Error(`${runner.name}: ${CALLERS - answered} refresh calls failed`);
    return { name: runner.name, login, outcome, refreshes };
  } finally {
    await child.stop();
  }
}

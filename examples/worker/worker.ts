import { setTimeout as sleep } from 'node:timers/promises';
import { OAuthError } from 'passport-fitbit-strategy/google-health';
import { apiURL, interval, simulator } from './config.ts';
import { signInSampleUsers } from './sample-users.ts';
import { activeUsers, close, tokens } from './tokens.ts';

/** Counts the steps of the last data points of a user. */
async function readSteps(userID: string, signal: AbortSignal): Promise<number> {
  // Refreshes the token if necessary, and once more after a 401.
  const response = await tokens.use(
    userID,
    (accessToken) =>
      fetch(`${apiURL}/v4/users/me/dataTypes/steps/dataPoints?pageSize=100`, {
        headers: { Authorization: `Bearer ${accessToken}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      }),
    { signal },
  );
  if (!response.ok) throw new Error(`The API responded ${response.status}`);
  const { dataPoints } = (await response.json()) as { dataPoints: { steps: { count: string } }[] };
  return dataPoints.reduce((sum, { steps }) => sum + Number(steps.count), 0);
}

/** Reads the data of all users, one after another. A failure of one leaves the others alone. */
async function run(signal: AbortSignal): Promise<void> {
  await tokens.recover(); // finishes the refreshes that a crash has interrupted
  for (const userID of activeUsers()) {
    if (signal.aborted) return;
    try {
      console.log(`${userID}: ${await readSteps(userID, signal)} steps`);
    } catch (error) {
      // onReauthorize has noted a user who must sign in again; anything else is tried again in the next round.
      if (error instanceof OAuthError && error.reauthorize) continue;
      if (!signal.aborted) console.error(`${userID}:`, error);
    }
  }
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());

if (simulator) await signInSampleUsers(simulator);
while (!stop.signal.aborted) {
  await run(stop.signal);
  await sleep(interval, undefined, { signal: stop.signal }).catch(() => {});
}
await close();
await simulator?.close();

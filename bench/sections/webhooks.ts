import type { BurstChild } from '../children/burst.ts';
import type { WebhooksChild } from '../children/webhooks.ts';
import type { Build } from '../contenders/index.ts';
import { type Goal, megabytes, ratio, type Section, spread, type Table } from '../report.ts';
import { Child } from '../rpc.ts';
import { interleave, summarize } from '../statistics.ts';

const GOAL = 1.5;
const COUNT = 500;
const WARM_UP = 3000;
const BURST = 10_000;
const BATCH = 99; // notifications that Google sends in one request, at most
const LONGEST_TURN = 50; // ms

/** What the verification of a webhook's notification costs, and what a burst of notifications does to the process. */
export async function webhooksSection(builds: readonly Build[], quick: boolean): Promise<Section> {
  const tables: Table[] = [];
  const goals: Goal[] = [];
  for (const build of builds) {
    const child = new Child<WebhooksChild>('webhooks');
    try {
      await child.call('load', build.folder);
      for (const { table, goal } of [await verification(child, build, quick), await bursts(child, build)]) {
        tables.push(table);
        goals.push(goal);
      }
    } finally {
      await child.stop();
    }
  }
  return { tables, goals };
}

async function verification(child: Child<WebhooksChild>, { name }: Build, quick: boolean) {
  const ways = ['bare', 'package'] as const;
  for (const way of ways) await child.call('run', way, WARM_UP);
  const samples = await interleave(ways, quick ? 9 : 41, (way) => child.call('run', way, COUNT));
  const bare = summarize(samples.get('bare') ?? []);
  const own = summarize(samples.get('package') ?? []);
  const table: Table = {
    title: `Webhook: verification of a notification (${name})`,
    note: 'A request with one notification: the secret, the signature, and the body parsed, beside `crypto.verify` alone on the same bytes.',
    head: ['', 'CPU µs, median (quartiles)', 'of crypto.verify'],
    rows: [
      ['crypto.verify', spread(bare), ratio(bare.median, bare.median)],
      ['verifyNotification', spread(own), ratio(own.median, bare.median)],
    ],
  };
  const goal: Goal = {
    goal: `verification of a notification: CPU at most ${GOAL} × crypto.verify`,
    build: name,
    measured: ratio(own.median, bare.median),
    met: own.median <= GOAL * bare.median,
  };
  return { table, goal };
}

const BURSTS = [
  { title: 'a server that only answers', way: 'bare', size: 1, count: BURST },
  { title: `${BURST} requests with one notification`, way: 'package', size: 1, count: BURST },
  {
    title: `${BURST} notifications, ${BATCH} in a request`,
    way: 'package',
    size: BATCH,
    count: BURST / BATCH,
  },
  {
    title: `${5 * BURST} notifications, ${BATCH} in a request`,
    way: 'package',
    size: BATCH,
    count: (5 * BURST) / BATCH,
  },
] as const;

async function bursts(child: Child<WebhooksChild>, { name }: Build) {
  const sender = new Child<BurstChild>('burst');
  const rows: string[][] = [];
  let longest = 0;
  try {
    for (const { title, way, size, count } of BURSTS) {
      const url = await child.call('listen', way);
      const request = await child.call('request', size);
      await sender.call('send', url, request, 10); // the keys are there from now on
      await child.call('watch');
      const statuses = await sender.call('send', url, request, Math.round(count));
      const { turn, delay, heap, received } = await child.call('seen');
      if (way === 'package') longest = Math.max(longest, turn);
      const times = (status: string) => String(statuses[status] ?? 0);
      rows.push([
        title,
        turn.toFixed(1),
        delay.toFixed(1),
        megabytes(heap),
        times('204'),
        times('503'),
        String(received),
      ]);
    }
  } finally {
    await sender.stop();
  }
  const table: Table = {
    title: `Webhook: a burst (${name})`,
    note: 'Requests that are sent at once over 100 connections; for each notification the app takes a millisecond, and 10 000 may wait. What does not fit gets 503, and Google sends it later. A turn is one of the event loop, in CPU time; the delay is that of a timer, with everything else that runs on the machine.',
    head: ['', 'longest turn, CPU ms', 'longest delay, ms', 'heap', '204', '503', 'notifications'],
    rows,
  };
  const goal: Goal = {
    goal: `burst of notifications: no turn of the event loop above ${LONGEST_TURN} ms`,
    build: name,
    measured: `${longest.toFixed(1)} ms`,
    met: longest <= LONGEST_TURN,
  };
  return { table, goal };
}

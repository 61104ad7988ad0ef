import type { WebhooksChild } from '../children/webhooks.ts';
import { ratio, type Section, spread } from '../report.ts';
import { Child } from '../rpc.ts';
import { interleave, summarize } from '../statistics.ts';

const GOAL = 1.5;
const COUNT = 500;
const WARM_UP = 3000;

/** What the verification of a webhook's notification costs. */
export async function webhooksSection(quick: boolean): Promise<Section> {
  const child = new Child<WebhooksChild>('webhooks');
  try {
    const ways = ['bare', 'package'] as const;
    for (const way of ways) await child.call('run', way, WARM_UP);
    const samples = await interleave(ways, quick ? 9 : 41, (way) => child.call('run', way, COUNT));
    const bare = summarize(samples.get('bare') ?? []);
    const own = summarize(samples.get('package') ?? []);
    return {
      tables: [
        {
          title: 'Webhook: verification of a notification',
          note: 'A request with one notification: the secret, the signature, and the body parsed, beside `crypto.verify` alone on the same bytes.',
          head: ['', 'CPU µs, median (quartiles)', 'of crypto.verify'],
          rows: [
            ['crypto.verify', spread(bare), ratio(bare.median, bare.median)],
            ['verifyNotification', spread(own), ratio(own.median, bare.median)],
          ],
        },
      ],
      goals: [
        {
          goal: `verification of a notification: CPU at most ${GOAL} × crypto.verify`,
          build: 'this build',
          measured: ratio(own.median, bare.median),
          met: own.median <= GOAL * bare.median,
        },
      ],
    };
  } finally {
    await child.stop();
  }
}

import { type Html, html } from '../pages/html.ts';
import type { World } from '../world/world.ts';
import { form, section, table } from './form.ts';
import { moment } from './lists.ts';

/** How many deliveries are shown. */
const recent = 20;

/** The subscribers, and the notifications and security events that were sent to them, newest first. */
export function webhooks(world: World): Html {
  const subscribers = [...world.webhooks.subscribers.values()].map(({ id, endpointUri, configs }) => [
    id,
    html`<code>${endpointUri}</code>`,
    configs
      .map(({ dataTypes, subscriptionCreatePolicy: policy }) => `${dataTypes.join(' ')} (${policy})`)
      .join(', '),
  ]);
  const { stream } = world.securityEvents;
  const sent = [...world.webhooks.deliveries.list(), ...world.securityEvents.deliveries.list()];
  const rows = sent
    .map((delivery) => ({ ...delivery, last: delivery.attempts.at(-1) }))
    .sort((a, b) => (b.last?.at.getTime() ?? 0) - (a.last?.at.getTime() ?? 0))
    .slice(0, recent)
    .map(({ about, state, attempts, last, nextAttemptAt }) => [
      last === undefined ? '' : moment(last.at.getTime()).slice(11),
      about,
      last === undefined ? '' : String(last.status ?? 'no response'),
      nextAttemptAt === undefined || attempts.length === 0
        ? state
        : `attempt ${attempts.length + 1} at ${moment(nextAttemptAt.getTime()).slice(11)}`,
    ]);
  const none = html`<p class="small">No webhook is registered. Apps register one with the API, tests with <code>simulator.webhooks.register()</code>.</p>`;
  return section(
    'webhooks',
    'Webhooks and security events',
    html`${subscribers.length === 0 ? none : table(['Subscriber', 'URL', 'Data types'], subscribers)}
${stream && html`<p class="small after">Security events go to <code>${stream.url}</code></p>`}
${rows.length > 0 && html`<div class="after">${table(['Time', 'Request', 'Answer', 'State'], rows)}</div>`}
${form(world, 'rotate-keys', html`<button>Sign with new keys</button>`, 'after')}`,
  );
}

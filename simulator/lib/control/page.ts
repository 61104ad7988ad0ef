import type { Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import { type Html, html } from '../pages/html.ts';
import { page } from '../pages/layout.ts';
import { faultKinds } from '../world/faults.ts';
import { endpointNames } from '../world/provider.ts';
import { defaultSwitches, type Switches, switchNames, switchTable, valuesOf } from '../world/switches.ts';
import type { World } from '../world/world.ts';
import { actions } from './actions.ts';
import { form, section, select, table } from './form.ts';
import { apps, filterForm, grants, moment, people, readFilter, requests, tokens } from './lists.ts';
import { webhooks } from './webhooks.ts';

/** The simulator's front page: its state, and forms that change it. */
export function controlPage(world: World, { query, headers }: Incoming): Reply {
  world.sawApp(headers.referer ?? '');
  const done = actions.get(query.get('done') ?? '')?.done;
  const filter = readFilter(query);
  const content = html`<main class="desk">
<header><div><h1>Fitbit and Google Health simulator</h1>
<p class="small desk-about">Everything is kept in memory until the process ends. Clock: <time>${moment(world.clock.now())}</time> UTC</p></div>
${backToApp(world)}</header>
${done !== undefined && html`<p class="done" role="status">${done}</p>`}
<nav aria-label="Sections"><ul class="menu">${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
${apps(world)}
${time(world)}
${faults(world)}
${filterForm(filter)}
${people(world, filter)}
${grants(world, filter)}
${tokens(world, filter)}
${webhooks(world)}
${requests(world, filter)}
${switches(world)}
</main>`;
  return page(200, 'control', 'Fitbit and Google Health simulator', content);
}

/** The targets of the page's own menu. */
const sections = [
  ['apps', 'Apps'],
  ['time', 'Time'],
  ['faults', 'Faults'],
  ['people', 'People'],
  ['grants', 'Grants'],
  ['tokens', 'Tokens'],
  ['webhooks', 'Webhooks'],
  ['requests', 'Requests'],
  ['switches', 'Switches'],
] as const;

function backToApp({ appURL }: World): Html | false {
  return (
    appURL !== undefined &&
    html`<a class="button" href="${appURL}">Back to the app at ${new URL(appURL).host}</a>`
  );
}

function time(world: World): Html {
  const spans: [number, string][] = [
    [2, '2 minutes'],
    [10, '10 minutes'],
    [60, '1 hour'],
    [480, '8 hours'],
    [10_080, '7 days'],
  ];
  const buttons = spans.map(
    ([minutes, text]) => html`<button name="minutes" value="${minutes}">${text}</button>`,
  );
  const shutdown = world.fitbitIsShutDown
    ? form(
        world,
        'reopen-fitbit',
        html`<span>Fitbit is shut down: every endpoint responds 410.</span><button>Open Fitbit again</button>`,
        'row',
      )
    : form(
        world,
        'shut-down-fitbit',
        html`<span>Fitbit is open.</span><button class="danger">Shut Fitbit down</button>`,
        'row',
      );
  return section(
    'time',
    'Time and shutdown',
    html`${form(world, 'advance', html`<span>Move the clock forward:</span>${buttons}`, 'row')}${shutdown}`,
  );
}

function faults(world: World): Html {
  const set = world.faults.list();
  const fields = html`<label>Provider ${select('provider', [
    ['', 'both'],
    ['fitbit', 'Fitbit'],
    ['google-health', 'Google Health'],
  ])}</label>
<label>Endpoint ${select('endpoint', endpointNames['google-health'])}</label>
<label>What happens ${select('with', [...faultKinds, '429', '500', '503', 'late'])}</label>
<label>Times <input name="times" type="number" min="1" value="1"></label>
<label>Delay in ms <input name="delay" type="number" min="0" value="0"></label>
<label><input name="after" type="checkbox"> Apply the request, then lose the response</label>
<button>Set</button>`;
  const rows = set.map((one) => [
    one.provider ?? 'both',
    one.endpoint,
    one.description,
    Number.isFinite(one.remaining) ? String(one.remaining) : 'all',
  ]);
  const list =
    rows.length === 0
      ? html`<p class="small after">No fault is set.</p>`
      : html`${table(['Provider', 'Endpoint', 'What happens', 'Requests to come'], rows)}${form(
          world,
          'clear-faults',
          html`<button>Clear all</button>`,
          'after',
        )}`;
  return section('faults', 'Faults', html`${form(world, 'fault', fields, 'row')}${list}`);
}

/** The groups of switches, by the prefix of their names. */
const groups = [
  ['Fitbit', /^fitbit/],
  ['Google Health', /^google(?!Webhook|Event)/],
  ['Webhooks and security events', /^google(?:Webhook|Event)/],
] as const;

function switches(world: World): Html {
  const { values } = world.switches;
  const content = groups.map(([title, prefix]) => {
    const names = switchNames.filter((name) => prefix.test(name));
    const changed = names.filter((name) => values[name] !== defaultSwitches[name]).length;
    return html`<details${changed > 0 && html` open`}><summary>${title} <span class="count">${names.length} switches${
      changed > 0 && `, ${changed} changed`
    }</span></summary>
<div class="grid">${names.map((name) => switchField(name, values[name]))}</div></details>`;
  });
  return section(
    'switches',
    'Switches',
    html`<p class="small">Undocumented or variable behavior of the providers. An app should cope with every value.</p>
${form(world, 'switches', html`${content}<button>Apply</button>`)}`,
  );
}

function switchField(name: keyof Switches, value: Switches[keyof Switches]): Html {
  const options = valuesOf(name)?.map(String);
  const control =
    options === undefined
      ? html`<input name="${name}" type="number" min="1" value="${String(value)}">`
      : select(name, options, String(value));
  return html`<label><span>${switchTable[name].about}<small>${name}</small></span>${control}</label>`;
}

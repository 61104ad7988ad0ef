import { type Html, html, page } from './html.ts';
import type { Reply } from './http.ts';
import type { Person } from './people.ts';
import { endpoints } from './requests.ts';
import type { State } from './state.ts';
import { switchNames, switchTable } from './switches.ts';

/** The simulator's front page: what it knows, and buttons for what can happen. */
export function controlPage(state: State): Reply {
  const content = html`<main class="desk">
<header><h1>Fitbit and Google Health simulator</h1>
<p class="small">Everything is in memory and ends with the process. Clock: <time>${moment(state.clock.now())}</time></p></header>
${clockAndShutdown(state)}
${faults(state)}
${people(state)}
${grants(state)}
${tokens(state)}
${requests(state)}
${switches(state)}
${apps(state)}
</main>`;
  return page(200, 'control', 'Fitbit and Google Health simulator', content);
}

/** A form that posts one action; the token keeps other sites out. */
function form(state: State, action: string, content: Html, className = ''): Html {
  return html`<form method="post" action="/control" class="${className}">
<input type="hidden" name="control-token" value="${state.controlToken}"><input type="hidden" name="action" value="${action}">
${content}</form>`;
}

function clockAndShutdown(state: State): Html {
  const spans: [number, string][] = [
    [2, '2 minutes'],
    [10, '10 minutes'],
    [60, '1 hour'],
    [480, '8 hours'],
    [10_080, '7 days'],
  ];
  const shut = state.fitbitIsShutDown;
  return html`<section aria-labelledby="time"><h2 id="time">Time and shutdown</h2>
${form(
  state,
  'advance',
  html`<span>Let time pass:</span>${spans.map(
    ([minutes, text]) => html`<button name="minutes" value="${minutes}">${text}</button>`,
  )}`,
  'row',
)}
${form(
  state,
  shut ? 'reopen-fitbit' : 'shut-down-fitbit',
  html`<span>${
    shut ? 'Fitbit is shut down: every endpoint answers 410.' : 'Fitbit is open.'
  }</span><button class="${shut ? '' : 'danger'}">${shut ? 'Open Fitbit again' : 'Shut Fitbit down'}</button>`,
  'row',
)}</section>`;
}

function faults(state: State): Html {
  const set = state.faults.list();
  const kinds = ['hang', 'close', 'truncate', 'html', '429', '500', '503'];
  return html`<section aria-labelledby="faults"><h2 id="faults">Faults</h2>
${form(
  state,
  'fault',
  html`<label>Endpoint <select name="endpoint">${endpoints.map((one) => html`<option>${one}</option>`)}</select></label>
<label>goes wrong with <select name="with">${kinds.map((one) => html`<option>${one}</option>`)}</select></label>
<label>times <input name="times" type="number" min="1" value="1"></label>
<label><input name="after" type="checkbox"> after it took effect</label>
<button>Set</button>`,
  'row',
)}
${
  set.length === 0
    ? html`<p class="small">None is set.</p>`
    : html`${table(
        ['Provider', 'Endpoint', 'What happens', 'Still to come'],
        set.map((one) => [one.provider ?? 'both', one.endpoint, one.description, String(one.remaining)]),
      )}${form(state, 'clear-faults', html`<button>Clear all</button>`)}`
}</section>`;
}

function people(state: State): Html {
  return html`<section aria-labelledby="people"><h2 id="people">People</h2><ul class="cards">${state.people
    .list()
    .map(personCard)}</ul></section>`;
}

function personCard(person: Person): Html {
  const { fitbit, google } = person;
  const facts: [string, string | undefined][] = [
    ['id', person.id],
    ['Fitbit user id', fitbit?.userID],
    ['Google sub', google?.sub],
    ['healthUserId', google?.healthUserID],
    ['legacyUserId', google?.legacyUserID],
  ];
  return html`<li><img src="/avatars/${person.id}/100.svg" alt="" width="56" height="56"><div><h3>${person.displayName}</h3>
<p class="small">${person.about}</p><dl>${facts.map(
    ([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl></div></li>`;
}

function grants(state: State): Html {
  const rows = state.ledger.grants().map((grant) => {
    const { provider, clientID, personID, scope } = grant;
    const value = [provider, clientID, personID].join(' ');
    return [
      provider,
      nameOf(state, personID),
      [...scope].join(' '),
      moment(grant.grantedAt),
      form(
        state,
        'revoke',
        html`<button name="grant" value="${value}" aria-label="Revoke what ${personID} allowed on ${provider}">Revoke</button>`,
      ),
    ];
  });
  return section(
    'grants',
    'Grants',
    ['Provider', 'Person', 'Scope', 'Since', ''],
    rows,
    'Nobody has consented yet.',
  );
}

function tokens(state: State): Html {
  const now = state.clock.now();
  const row = (
    kind: string,
    one: { value: string; provider: string; personID: string; expiresAt: number },
  ) => [
    one.provider,
    nameOf(state, one.personID),
    kind,
    html`<code>${shortened(one.value)}</code>`,
    Number.isFinite(one.expiresAt) ? `in ${span(one.expiresAt - now)}` : 'never',
  ];
  const rows = [
    ...state.ledger.liveAccessTokens().map((one) => row('access', one)),
    ...state.ledger.liveRefreshTokens().map((one) => row('refresh', one)),
  ];
  const heads = ['Provider', 'Person', 'Kind', 'Token', 'Ends'];
  return section('tokens', 'Live tokens', heads, rows, 'There are none.');
}

function requests(state: State): Html {
  const rows = [...state.requests.list()]
    .reverse()
    .slice(0, 30)
    .map((one) => [
      moment(one.time.getTime()).slice(11),
      html`<code>${one.method} ${one.path}</code>`,
      one.status === undefined ? 'no answer' : String(one.status),
      one.fault ?? one.note ?? '',
    ]);
  const clear = form(state, 'clear-requests', html`<button>Clear the list</button>`, 'after');
  return section(
    'requests',
    'Recent requests',
    ['Time', 'Request', 'Status', 'Note'],
    rows,
    'None so far.',
    clear,
  );
}

function switches(state: State): Html {
  const values = state.switches.values;
  return html`<section aria-labelledby="switches"><h2 id="switches">Switches</h2>
<p class="small">What nobody outside the providers knows for certain. An app should cope with either.</p>
${form(
  state,
  'switches',
  html`<div class="grid">${switchNames.map((name) => {
    const options: readonly unknown[] | undefined = switchTable[name].values;
    const control =
      options === undefined
        ? html`<input name="${name}" type="number" min="1" value="${String(values[name])}">`
        : html`<select name="${name}">${options.map(
            (one) => html`<option${one === values[name] && html` selected`}>${String(one)}</option>`,
          )}</select>`;
    return html`<label><span>${switchTable[name].about}<small>${name}</small></span>${control}</label>`;
  })}</div><button>Apply</button>`,
)}</section>`;
}

function apps(state: State): Html {
  const rows = state.apps
    .list()
    .map((app) => [
      app.provider,
      app.name,
      html`<code>${app.clientID}</code>`,
      app.provider === 'fitbit' ? app.type : 'web',
      app.redirectURIs?.join(' ') ?? 'any URL on localhost',
    ]);
  return section('apps', 'Apps', ['Provider', 'Name', 'Client id', 'Type', 'Redirect URIs'], rows, '');
}

function section(
  id: string,
  title: string,
  heads: readonly string[],
  rows: readonly (readonly (string | Html)[])[],
  none: string,
  after?: Html,
): Html {
  const content =
    rows.length === 0 ? html`<p class="small">${none}</p>` : html`${table(heads, rows)}${after}`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

/** A table that scrolls sideways on a phone; focusable, so that it does so by keyboard as well. */
function table(heads: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${heads.filter(Boolean).join(', ')}"><table><thead><tr>${heads.map(
    (head) => (head === '' ? html`<td></td>` : html`<th scope="col">${head}</th>`),
  )}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

function nameOf(state: State, personID: string): string {
  return state.people.get(personID)?.displayName ?? personID;
}

/** Enough of a token to tell it from others, never enough to use it. */
function shortened(token: string): string {
  return `…${token.slice(-6)}`;
}

function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').slice(0, 19);
}

function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

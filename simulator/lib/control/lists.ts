import { fitbitEndpoints } from '../fitbit/endpoints.ts';
import { googleHealthEndpoints } from '../google/endpoints.ts';
import { breakable, type Html, html } from '../pages/html.ts';
import type { App } from '../world/apps.ts';
import { fullName, type Person } from '../world/person.ts';
import { type Provider, providers } from '../world/provider.ts';
import type { World } from '../world/world.ts';
import { accountChoices } from './actions.ts';
import { form, section, select, table } from './form.ts';

/** Selects the entries of the lists that are shown. */
export interface Filter {
  readonly provider: Provider | undefined;
  /** Text that an entry has to contain, in lowercase. */
  readonly text: string;
  /** Whether old requests are also shown. */
  readonly all: boolean;
}

/** How many requests are shown by default. */
const recent = 30;

/** Reads the filter from the page's query. */
export function readFilter(query: URLSearchParams): Filter {
  return {
    provider: providers.find((one) => one === query.get('provider')),
    text: (query.get('text') ?? '').trim().toLowerCase(),
    all: query.has('all'),
  };
}

/** The form that filters the lists. */
export function filterForm({ provider, text, all }: Filter): Html {
  const choices = [
    ['', 'both'],
    ['fitbit', 'Fitbit'],
    ['google-health', 'Google Health'],
  ] as const;
  return section(
    'filter',
    'Filter the lists',
    html`<form method="get" action="/#filter" class="row">
<label>Provider ${select('provider', choices, provider)}</label>
<label>Text <input name="text" type="search" value="${text}"></label>
<label><input name="all" type="checkbox"${all && html` checked`}> All requests, not only the last ${recent}</label>
<button>Filter</button><a href="/#filter">Show everything</a></form>`,
  );
}

function shows(filter: Filter, of: readonly Provider[], texts: readonly (string | undefined)[]): boolean {
  if (filter.provider !== undefined && !of.includes(filter.provider)) return false;
  return texts.join(' ').toLowerCase().includes(filter.text);
}

/** The apps, with the settings for a developer to copy. */
export function apps(world: World): Html {
  const cards = world.apps.list().map((app) => {
    const { name, provider, type, redirectURIs } = app;
    const kind = provider === 'fitbit' ? `Fitbit, type ${type}` : 'Google Health';
    const uris = redirectURIs?.join(' ') ?? 'any URL on localhost';
    return html`<li><div><h3>${name} <small>${kind}</small></h3>
<dl class="copy">${Object.entries(endpointsOf(world, app)).map(
      ([key, value]) => html`<div><dt>${key}</dt><dd>${value}</dd></div>`,
    )}<div><dt>redirect URIs</dt><dd>${uris}</dd></div></dl></div></li>`;
  });
  return section(
    'apps',
    'Connect your app',
    html`<p class="small">Click a value to select it for copying.</p><ul class="cards wide">${cards}</ul>`,
  );
}

function endpointsOf(world: World, app: App): Readonly<Record<string, string>> {
  return { ...(app.provider === 'fitbit' ? fitbitEndpoints(world, app) : googleHealthEndpoints(world, app)) };
}

/** The people, and the form that adds one. */
export function people(world: World, filter: Filter): Html {
  const shown = world.people.list().filter((person) => {
    const { fitbit, google } = person;
    const of = providers.filter((one) => (one === 'fitbit' ? fitbit : google) !== undefined);
    return shows(filter, of, [fullName(person), person.about, ...facts(person).map(([, value]) => value)]);
  });
  const choices = [...accountChoices].map(([value, { label }]) => [value, label] as const);
  const fields = html`<label>Name <input name="displayName" type="text" required maxlength="60" autocomplete="off"></label>
<label>Accounts ${select('accounts', choices)}</label><button>Add a person</button>`;
  const cards = shown.map(
    (
      person,
    ) => html`<li><img src="/avatars/${person.id}/100.svg" alt="" width="56" height="56"><div><h3>${person.displayName}</h3>
<p class="small">${person.about}</p><dl>${facts(person).map(
      ([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${breakable(value)}</dd></div>`,
    )}</dl><p class="small"><a href="/accounts/${person.id}">Apps with access</a></p></div></li>`,
  );
  const everybody = world.people.list().map(({ id, displayName }) => [id, displayName] as const);
  const walk = html`<label>Person ${select('person', everybody, world.ledger.grants().at(-1)?.personID)}</label>
<label>Steps <input name="count" type="number" min="1" max="100000" value="1000" required></label><button>Add steps</button>`;
  return section(
    'people',
    'People',
    html`${shown.length === 0 ? html`<p class="small">Nobody matches the filter.</p>` : html`<ul class="cards">${cards}</ul>`}
${form(world, 'add-person', fields, 'row after')}${form(world, 'walk', walk, 'row after')}`,
  );
}

function facts({ id, fitbit, google }: Person): (readonly [string, string | undefined])[] {
  return [
    ['id', id],
    ['Fitbit user ID', fitbit?.userID],
    ['e-mail', google?.email],
    ['Google sub', google?.sub],
    ['healthUserId', google?.healthUserID],
    ['legacyUserId', google?.legacyUserID],
  ];
}

/** The users' consents. */
export function grants(world: World, filter: Filter): Html {
  const all = world.ledger.grants();
  const rows = all
    .filter(({ provider, personID, scope }) => shows(filter, [provider], [nameOf(world, personID), ...scope]))
    .map(({ provider, clientID, personID, scope, grantedAt }) => {
      const value = [provider, clientID, personID].join(' ');
      const label = `Revoke what ${personID} allowed on ${provider}`;
      const button = html`<button name="grant" value="${value}" aria-label="${label}">Revoke</button>`;
      return [
        provider,
        nameOf(world, personID),
        html`<ul>${[...scope].map((one) => html`<li>${breakable(shortScope(one))}</li>`)}</ul>`,
        html`<span class="moment">${moment(grantedAt)}</span>`,
        form(world, 'revoke', button),
      ];
    });
  const heads = ['Provider', 'Person', 'Scope', 'Since', ''];
  return list('grants', 'Grants', heads, rows, all.length, 'No user has consented yet.');
}

/** The valid tokens. */
export function tokens(world: World, filter: Filter): Html {
  const all = [
    ...world.ledger.liveAccessTokens().map((token) => ({ kind: 'access', ...token })),
    ...world.ledger.liveRefreshTokens().map((token) => ({ kind: 'refresh', ...token })),
  ];
  const rows = all
    .filter(({ provider, personID, kind }) => shows(filter, [provider], [nameOf(world, personID), kind]))
    .map(({ provider, personID, kind, value, expiresAt }) => [
      provider,
      nameOf(world, personID),
      kind,
      // Enough of a token to recognize it, but not enough to use it.
      html`<code>…${value.slice(-6)}</code>`,
      Number.isFinite(expiresAt) ? `in ${span(expiresAt - world.clock.now())}` : 'never',
    ]);
  const heads = ['Provider', 'Person', 'Kind', 'Token', 'Ends'];
  return list('tokens', 'Valid tokens', heads, rows, all.length, 'There are no valid tokens.');
}

/** The requests that came to the providers' endpoints, newest first. */
export function requests(world: World, filter: Filter): Html {
  const all = world.requests.list().toReversed();
  const matching = all.filter(({ provider, endpoint, method, path, status, fault, note }) =>
    shows(filter, [provider], [endpoint, method, path, String(status ?? 'no response'), fault, note]),
  );
  const rows = matching
    .slice(0, filter.all ? undefined : recent)
    .map(({ time, method, path, status, fault, note }) => [
      moment(time.getTime()).slice(11),
      html`<code>${method} ${path}</code>`,
      status === undefined ? 'no response' : String(status),
      fault ?? note ?? '',
    ]);
  const hidden = matching.length - rows.length;
  const more = hidden > 0 && html`<p class="small after">${hidden} older requests are not shown.</p>`;
  const clear = html`${more}${form(world, 'clear-requests', html`<button>Clear the list</button>`, 'after')}`;
  const heads = ['Time', 'Request', 'Status', 'Note'];
  return list('requests', 'Recent requests', heads, rows, all.length, 'There are no requests yet.', clear);
}

function list(
  id: string,
  title: string,
  heads: readonly string[],
  rows: readonly (readonly (string | Html)[])[],
  total: number,
  none: string,
  after?: Html,
): Html {
  const empty = total === 0 ? none : `None of the ${total} matches the filter.`;
  const content = rows.length === 0 ? html`<p class="small">${empty}</p>` : table(heads, rows);
  return section(id, title, html`${content}${total > 0 && after}`);
}

/** A scope without the prefix of Google's scopes. */
export function shortScope(scope: string): string {
  return scope.replace('https://www.googleapis.com/auth/', '');
}

function nameOf(world: World, personID: string): string {
  return world.people.get(personID)?.displayName ?? personID;
}

/** An instant as date and time in UTC. */
export function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').slice(0, 19);
}

function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

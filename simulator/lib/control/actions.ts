import { timingSafeEqual } from 'node:crypto';
import { number } from '../check.ts';
import { type Reply, redirect } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import { messagePage } from '../pages/layout.ts';
import { type FaultOptions, faultKinds } from '../world/faults.ts';
import type { NewPerson } from '../world/person.ts';
import { endpointNames, providers } from '../world/provider.ts';
import { switchNames, valuesOf } from '../world/switches.ts';
import type { World } from '../world/world.ts';

interface Action {
  readonly run: (world: World, form: URLSearchParams) => void;
  /** The message that the page shows afterwards. */
  readonly done: string;
  /** The section of the page that shows the result. */
  readonly section: string;
}

/** The actions of the control page's forms. */
export const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    'advance',
    {
      run: ({ clock }, form) => clock.advance({ minutes: Number(form.get('minutes')) }),
      done: 'Time has passed on the simulator’s clock.',
      section: 'time',
    },
  ],
  ['shut-down-fitbit', { run: shutDown(true), done: 'Fitbit is shut down.', section: 'time' }],
  ['reopen-fitbit', { run: shutDown(false), done: 'Fitbit is open again.', section: 'time' }],
  [
    'fault',
    {
      run: ({ faults }, form) => void faults.add(readFault(form)),
      done: 'The fault is set.',
      section: 'faults',
    },
  ],
  [
    'clear-faults',
    { run: ({ faults }) => faults.clear(), done: 'All faults are cleared.', section: 'faults' },
  ],
  [
    'add-person',
    {
      run: ({ people }, form) => void people.add(readPerson(form)),
      done: 'The person is added and can sign in.',
      section: 'people',
    },
  ],
  ['walk', { run: walk, done: 'The steps are added, and the subscribers are notified.', section: 'people' }],
  [
    'rotate-keys',
    { run: rotateKeys, done: 'Notifications and events are now signed with new keys.', section: 'webhooks' },
  ],
  ['revoke', { run: revoke, done: 'The grant is revoked. Its tokens no longer work.', section: 'grants' }],
  [
    'delete-account',
    { run: deleteAccount, done: 'The accounts are deleted, and the apps are told.', section: 'people' },
  ],
  [
    'clear-requests',
    { run: ({ requests }) => requests.clear(), done: 'The list of requests is empty.', section: 'requests' },
  ],
  ['switches', { run: setSwitches, done: 'The switches are set.', section: 'switches' }],
]);

function shutDown(down: boolean): Action['run'] {
  return (world) => {
    world.fitbitIsShutDown = down;
  };
}

function readFault(form: URLSearchParams): FaultOptions {
  const what = form.get('with') ?? '';
  const delay = Number(form.get('delay') ?? 0);
  const endpoint = endpointNames['google-health'].find((one) => one === form.get('endpoint'));
  if (endpoint === undefined) throw new TypeError('"endpoint" is not one of the list');
  if (what === 'late' && delay === 0) throw new TypeError('A late response needs a delay of at least 1 ms');
  const kind = faultKinds.find((one) => one === what);
  const reply = { status: Number(what), body: { error: 'server_error' } };
  return {
    endpoint,
    provider: providers.find((one) => one === form.get('provider')),
    with: what === 'late' ? undefined : (kind ?? reply),
    times: Number(form.get('times')),
    delay,
    after: form.has('after'),
  };
}

/** The accounts of a person to add, by the value of the form's choice. */
export const accountChoices: ReadonlyMap<string, { label: string } & Pick<NewPerson, 'fitbit' | 'google'>> =
  new Map([
    ['fitbit', { label: 'Fitbit', fitbit: true, google: false }],
    ['both', { label: 'Fitbit, moved to Google Health', fitbit: true, google: true }],
    ['google-health', { label: 'Google Health', fitbit: false, google: true }],
    ['google', { label: 'Google without Google Health', fitbit: false, google: { healthUserID: null } }],
    ['unfinished', { label: 'Google Health, not set up', fitbit: false, google: { unfinished: true } }],
    ['forbidden', { label: 'Google Health, app forbidden', fitbit: false, google: { forbidden: true } }],
  ]);

function readPerson(form: URLSearchParams): NewPerson {
  const accounts = accountChoices.get(form.get('accounts') ?? '');
  if (accounts === undefined) throw new TypeError('"accounts" is not one of the list');
  const { label, fitbit, google } = accounts;
  return {
    displayName: form.get('displayName')?.trim() ?? '',
    about: `Added here: ${label}`,
    fitbit,
    google,
  };
}

function revoke(world: World, form: URLSearchParams): void {
  const grant = world.ledger
    .grants()
    .find((one) => [one.provider, one.clientID, one.personID].join(' ') === form.get('grant'));
  if (grant !== undefined) {
    void world.endConsent(grant.provider, grant.clientID, grant.personID, 'user');
  }
}

function deleteAccount(world: World, form: URLSearchParams): void {
  const person = world.people.get(form.get('person') ?? '');
  if (person !== undefined) void world.deleteAccount(person.id);
}

function walk(world: World, form: URLSearchParams): void {
  const person = world.people.get(form.get('person') ?? '');
  const count = Number(form.get('count'));
  if (person === undefined) throw new TypeError('"person" is not one of the list');
  number({ min: 1, max: 100_000 })(count, 'count');
  void world.walk(person.id, count);
}

function rotateKeys({ webhooks, securityEvents }: World): void {
  webhooks.keys.rotate();
  securityEvents.keys.rotate();
}

function setSwitches({ switches }: World, form: URLSearchParams): void {
  const changes: Record<string, unknown> = {};
  for (const name of switchNames) {
    const text = form.get(name);
    if (text === null) continue;
    changes[name] = valuesOf(name)?.find((one) => String(one) === text) ?? Number(text);
  }
  switches.set(changes);
}

/** Carries out a form of the control page. */
export function postControl(world: World, request: Incoming): Reply {
  if (!isOwnForm(world, request)) {
    return messagePage(403, 'Refused', 'Only the control page can do this. Open it again and repeat.');
  }
  const name = request.form.get('action') ?? '';
  const action = actions.get(name);
  if (action === undefined) return messagePage(400, 'Refused', 'There is no such action.');
  try {
    action.run(world, request.form);
  } catch (error) {
    if (error instanceof TypeError) return messagePage(400, 'Refused', error.message);
    throw error;
  }
  const [, , personID] =
    request.form.get('back') === 'account' ? (request.form.get('grant') ?? '').split(' ') : [];
  if (world.people.get(personID ?? '') !== undefined) return redirect(`/accounts/${personID}`);
  return redirect(`/?done=${name}#${action.section}`);
}

/**
 * Whether a form came from the control page: other sites can also make a browser post here. The token proves it; the
 * origin that the browser names is also checked.
 */
function isOwnForm(world: World, request: Incoming): boolean {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const given = Buffer.from(request.form.get('control-token') ?? '');
  const expected = Buffer.from(world.controlToken);
  const sameOrigin = origin === undefined || origin === `http://${host}`;
  const sameSite = site === undefined || site === 'same-origin';
  return sameOrigin && sameSite && given.length === expected.length && timingSafeEqual(given, expected);
}

import { timingSafeEqual } from 'node:crypto';
import type { FaultOptions } from './faults.ts';
import { type Incoming, type Reply, redirect } from './http.ts';
import { messagePage } from './pages.ts';
import { endpoints } from './requests.ts';
import type { State } from './state.ts';
import { switchNames, switchTable } from './switches.ts';

type Action = (state: State, form: URLSearchParams) => void;

/** What the control page's buttons do. */
const actions: Readonly<Record<string, Action>> = {
  advance: (state, form) => state.clock.advance({ minutes: Number(form.get('minutes')) }),
  'shut-down-fitbit': (state) => {
    state.fitbitIsShutDown = true;
  },
  'reopen-fitbit': (state) => {
    state.fitbitIsShutDown = false;
  },
  fault: (state, form) => {
    state.faults.add(readFault(form));
  },
  'clear-faults': (state) => state.faults.clear(),
  'clear-requests': (state) => state.requests.clear(),
  revoke: (state, form) => {
    const grant = state.ledger.grants().find((one) => {
      const { provider, clientID, personID } = one;
      return [provider, clientID, personID].join(' ') === form.get('grant');
    });
    if (grant !== undefined) state.ledger.revoke(grant.provider, grant.clientID, grant.personID);
  },
  switches: (state, form) => {
    const changes: Record<string, unknown> = {};
    for (const name of switchNames) {
      const text = form.get(name);
      if (text === null) continue;
      const value = switchTable[name].values?.find((one) => String(one) === text);
      changes[name] = value ?? Number(text);
    }
    state.switches.set(changes);
  },
};

function readFault(form: URLSearchParams): FaultOptions {
  const kind = form.get('with') ?? '';
  const endpoint = endpoints.find((one) => one === form.get('endpoint'));
  if (endpoint === undefined) throw new TypeError('"endpoint" is not one of the list');
  return {
    endpoint,
    with: readKind(kind) ?? { status: Number(kind), body: { error: 'server_error' } },
    times: Number(form.get('times')),
    after: form.has('after'),
  };
}

function readKind(text: string): 'hang' | 'close' | 'truncate' | 'html' | undefined {
  return (['hang', 'close', 'truncate', 'html'] as const).find((one) => one === text);
}

/** Carries out a form of the control page. */
export function postControl(state: State, request: Incoming): Reply {
  if (!isOwnForm(state, request)) {
    const text = 'Only the control page itself may do this. Open it again and repeat.';
    return messagePage(403, 'Refused', text);
  }
  const action = actions[request.form.get('action') ?? ''];
  if (action === undefined) return messagePage(400, 'Refused', 'There is no such action.');
  try {
    action(state, request.form);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return messagePage(400, 'Refused', error.message);
  }
  return redirect('/');
}

/**
 * Whether a form came from the control page: other sites can make a browser post here as well. The token
 * is what proves it; the browser's own word about where the form comes from is asked for besides.
 */
function isOwnForm(state: State, request: Incoming): boolean {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const given = Buffer.from(request.form.get('control-token') ?? '');
  const expected = Buffer.from(state.controlToken);
  const sameOrigin = origin === undefined || origin === `http://${host}`;
  const sameSite = site === undefined || site === 'same-origin';
  return sameOrigin && sameSite && given.length === expected.length && timingSafeEqual(given, expected);
}

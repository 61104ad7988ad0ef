import { gatewayPage, json, type Reply } from './http.ts';
import type { State } from './state.ts';
import type { Switches } from './switches.ts';

/** What Fitbit puts behind nearly every OAuth message. */
const visit =
  ' Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

/** One error of Fitbit's envelope. */
interface FitbitErrorEntry {
  readonly errorType: string;
  readonly fieldName?: string;
  readonly message: string;
}

/** An error answer in Fitbit's shape, with the usual pointer to the documentation behind the message. */
export function fitbitError(
  state: State,
  status: number,
  errorType: string,
  message: string,
  note: string,
  headers: Record<string, string> = {},
): Reply {
  return shaped(state, status, { errorType, message: message + visit }, headers, note);
}

/** 401 `invalid_client`, with the challenge that goes with it. */
export function invalidClient(state: State, message: string, note: string): Reply {
  const headers = { 'www-authenticate': 'Basic realm="api.fitbit.com"' };
  return fitbitError(state, 401, 'invalid_client', message, note, headers);
}

/** 429, which has its own words and a third key. */
export function tooManyRequests(state: State, headers: Record<string, string>): Reply {
  const error = { errorType: 'system', fieldName: 'n/a', message: 'Too Many Requests' };
  return shaped(
    state,
    429,
    error,
    headers,
    'the rate limit of this user is used up until the next full hour',
  );
}

/** The answer of every Fitbit endpoint after the shutdown. Nobody has seen its body yet. */
export function gone(state: State): Reply {
  const text = 'The Fitbit Web API has been shut down.';
  const plain = { status: 410, headers: { 'content-type': 'text/plain;charset=UTF-8' } };
  const bodies: Record<Switches['fitbitShutdownBody'], () => Reply> = {
    html: () => gatewayPage(410, text),
    json: () => json(410, { errors: [{ errorType: 'system', message: text }], success: false }),
    text: () => ({ ...plain, body: text }),
    empty: () => ({ ...plain, headers: {}, body: '' }),
  };
  return bodies[state.switches.values.fitbitShutdownBody]();
}

function shaped(
  state: State,
  status: number,
  error: FitbitErrorEntry,
  headers: Record<string, string>,
  note: string,
): Reply {
  const { errorType, message } = error;
  const shapes: Record<Switches['fitbitErrorShape'], unknown> = {
    envelope: { errors: [error], success: false },
    'success-first': { success: false, errors: [{ message, errorType }] },
    'without-success': { errors: [error] },
    several: {
      errors: [error, { errorType: 'request', fieldName: 'n/a', message: 'The request failed.' }],
      success: false,
    },
    rfc6749: { error: errorType, error_description: message },
    google: { error: { code: status, message, status: googleStatus(status) } },
  };
  return json(status, shapes[state.switches.values.fitbitErrorShape], headers, note);
}

function googleStatus(status: number): string {
  const names: Record<number, string> = {
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    409: 'ABORTED',
    429: 'RESOURCE_EXHAUSTED',
  };
  return names[status] ?? 'INVALID_ARGUMENT';
}

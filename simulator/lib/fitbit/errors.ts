import { gatewayPage, json, type Reply } from '../http/reply.ts';
import type { Switches } from '../world/switches.ts';
import type { World } from '../world/world.ts';

/** The end of nearly every OAuth message of Fitbit. */
const visit =
  ' Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

/** An error response in Fitbit's shape, whose message ends with the usual link to the documentation. */
export function fitbitError(
  world: World,
  status: number,
  errorType: string,
  message: string,
  note: string,
  headers: Record<string, string> = {},
): Reply {
  return shaped(world, status, { errorType, message: message + visit }, headers, note);
}

/** 401 `invalid_client`, with the challenge that goes with it. */
export function invalidClient(world: World, message: string, note: string): Reply {
  const headers = { 'www-authenticate': 'Basic realm="api.fitbit.com"' };
  return fitbitError(world, 401, 'invalid_client', message, note, headers);
}

/** 400 for a missing parameter. */
export function missingParameter(world: World, name: string): Reply {
  const note = `${name} is missing in the body`;
  return fitbitError(world, 400, 'invalid_request', `Missing parameters: ${name}.`, note);
}

/** 429, with its own wording and a third key. */
export function tooManyRequests(world: World, headers: Record<string, string>): Reply {
  const error = { errorType: 'system', fieldName: 'n/a', message: 'Too Many Requests' };
  const note = 'this user has no requests left until the next full hour';
  return shaped(world, 429, error, headers, note);
}

/** The response of every Fitbit endpoint after the shutdown. Its body is not known yet. */
export function gone(world: World): Reply {
  const text = 'The Fitbit Web API has been shut down.';
  switch (world.switches.values.fitbitShutdownBody) {
    case 'html':
      return gatewayPage(410, text);
    case 'json':
      return json(410, { errors: [{ errorType: 'system', message: text }], success: false });
    case 'text':
      return { status: 410, headers: { 'content-type': 'text/plain;charset=UTF-8' }, body: text };
    case 'empty':
      return { status: 410, headers: {}, body: '' };
  }
}

/** One error of Fitbit's envelope. */
interface FitbitErrorEntry {
  readonly errorType: string;
  readonly fieldName?: string;
  readonly message: string;
}

function shaped(
  world: World,
  status: number,
  error: FitbitErrorEntry,
  headers: Record<string, string>,
  note: string,
): Reply {
  const { errorType, message } = error;
  const second = { errorType: 'request', fieldName: 'n/a', message: 'The request failed.' };
  const shapes: Record<Switches['fitbitErrorShape'], unknown> = {
    envelope: { errors: [error], success: false },
    'success-first': { success: false, errors: [{ message, errorType }] },
    'without-success': { errors: [error] },
    several: { errors: [error, second], success: false },
    rfc6749: { error: errorType, error_description: message },
    google: {
      error: { code: status, message, status: googleStatuses.get(status) ?? 'INVALID_ARGUMENT' },
    },
  };
  return json(status, shapes[world.switches.values.fitbitErrorShape], headers, note);
}

const googleStatuses = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [409, 'ABORTED'],
  [429, 'RESOURCE_EXHAUSTED'],
]);

import type { OrReply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { Person } from '../world/person.ts';
import type { World } from '../world/world.ts';
import { findAccessToken } from './access-token.ts';
import { fitbitError, tooManyRequests } from './errors.ts';

/** A user whose token may read the requested data, and the headers of the response. */
interface FitbitUser {
  readonly person: Person;
  readonly headers: Record<string, string>;
}

/** The checks of every call of Fitbit's Web API: token, rate limit, approval, scope. */
export function findFitbitUser(world: World, request: Incoming, scope: string): OrReply<FitbitUser> {
  const found = findAccessToken(world, request);
  if ('reply' in found) return found;
  const { clientID, personID, scope: granted } = found.token;

  const limit = world.switches.values.fitbitRateLimit;
  const left = world.rateLimits.count(`fitbit ${clientID} ${personID}`, limit, 3600);
  const headers = {
    'fitbit-rate-limit-limit': String(left.limit),
    'fitbit-rate-limit-remaining': String(left.remaining),
    'fitbit-rate-limit-reset': String(left.reset),
  };
  if (!left.allowed) {
    // As on the real server, less precise than the reset: rounded up to whole minutes.
    const retryAfter = String(Math.ceil(left.reset / 60) * 60);
    return { reply: tooManyRequests(world, { ...headers, 'retry-after': retryAfter }) };
  }
  const refuse = (errorType: string, message: string, note: string) => ({
    reply: fitbitError(world, 403, errorType, message, note, headers),
  });
  if (!world.apps.find('fitbit', clientID)?.enabled) {
    const message = 'API client is not authorized by Fitbit to access the resource requested.';
    return refuse('insufficient_permissions', message, 'the app is not approved');
  }
  if (!granted.includes(scope)) {
    const message = `This application does not have permission to access ${scope} data.`;
    return refuse('insufficient_scope', message, `the ${scope} scope was not granted`);
  }
  const person = world.people.get(personID);
  const { user = '-' } = request.parameters;
  if (person === undefined || (user !== '-' && user !== person.fitbit?.userID)) {
    const note = 'the path names another user than the token; use "-"';
    return refuse('insufficient_permissions', 'The data of this user is not accessible.', note);
  }
  return { person, headers };
}

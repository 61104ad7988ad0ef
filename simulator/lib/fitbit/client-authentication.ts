import type { OrReply, Reply } from '../http/reply.ts';
import { decodeCredential, readBasic } from '../http/request.ts';
import type { App } from '../world/apps.ts';
import type { World } from '../world/world.ts';
import { invalidClient } from './errors.ts';

/** Finds the calling app: by a Basic header if it has a secret, otherwise by the parameter `client_id`. */
export function authenticateFitbitClient(
  world: World,
  header: string | undefined,
  parameters: URLSearchParams,
): OrReply<{ app: App }> {
  return header === undefined ? byParameter(world, parameters) : byHeader(world, header);
}

function byParameter(world: World, parameters: URLSearchParams): OrReply<{ app: App }> {
  const clientID = parameters.get('client_id');
  if (!clientID) {
    const message =
      'Invalid authorization header format. The header was not recognized to be a valid header for any of known implementations or a client_id was not specified in case of a public client Received header = null.';
    return refuse(world, message, 'the Authorization header and client_id are both missing');
  }
  const app = world.apps.find('fitbit', clientID);
  if (app === undefined) return refuse(world, 'Client id invalid.', `no app is registered with ${clientID}`);
  if (app.type === 'server') {
    const note = 'an app of type "server" sends its id and secret in an Authorization: Basic header';
    return refuse(world, 'Incorrect authorization method.', note);
  }
  return { app };
}

function byHeader(world: World, header: string): OrReply<{ app: App }> {
  if (!/^basic\b/i.test(header)) {
    return refuse(world, 'Incorrect authorization method.', 'the Authorization header is not a Basic one');
  }
  const basic = readBasic(header);
  if (basic === undefined || basic.user === '' || basic.password === '') {
    const message = `Invalid authorization header format. The client id was not provided in proper format inside Authorization Header. Received authorization header = ${header},  received client encoded id = null.`;
    return refuse(world, message, 'the header is not "Basic " and base64(client_id:client_secret)');
  }
  const clientID = decodeCredential(basic.user);
  const app = world.apps.find('fitbit', clientID);
  if (app === undefined) {
    const message = 'Invalid authorization header. Client id invalid.';
    return refuse(world, message, `no app is registered with ${clientID}`);
  }
  if (app.clientSecret === undefined) {
    const note =
      'an app of type "client" has no secret: it sends client_id in the body and no Authorization header';
    return refuse(world, 'Incorrect authorization method.', note);
  }
  if (basic.password !== app.clientSecret && decodeCredential(basic.password) !== app.clientSecret) {
    const message = 'Invalid authorization header. Client secret invalid.';
    return refuse(world, message, 'the client secret is wrong');
  }
  return { app };
}

function refuse(world: World, message: string, note: string): { readonly reply: Reply } {
  return { reply: invalidClient(world, message, note) };
}

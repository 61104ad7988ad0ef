import type { OrReply } from '../http/reply.ts';
import { decodeCredential, type Incoming, readBasic } from '../http/request.ts';
import type { App } from '../world/apps.ts';
import type { World } from '../world/world.ts';
import { oauthError } from './errors.ts';

/** Finds the calling app by the credentials in the body, or in a Basic header, which the real server also accepts. */
export function authenticateGoogleClient(world: World, request: Incoming): OrReply<{ app: App }> {
  const basic = readBasic(request.headers.authorization);
  const clientID = basic === undefined ? request.form.get('client_id') : decodeCredential(basic.user);
  const secret = basic === undefined ? request.form.get('client_secret') : decodeCredential(basic.password);
  if (!clientID) {
    const description = 'Could not determine client ID from request.';
    return { reply: oauthError(400, 'invalid_request', description, 'client_id is missing in the body') };
  }
  const app = world.apps.find('google-health', clientID);
  if (app === undefined) {
    const note = `no app is registered with client_id ${clientID}`;
    return { reply: oauthError(401, 'invalid_client', 'The OAuth client was not found.', note) };
  }
  if (!secret) {
    const description = 'client_secret is missing.';
    return { reply: oauthError(400, 'invalid_request', description, 'client_secret is missing in the body') };
  }
  if (secret !== app.clientSecret) {
    return { reply: oauthError(401, 'invalid_client', 'Unauthorized', 'the client secret is wrong') };
  }
  return { app };
}

import type { App } from './apps.ts';
import { invalidClient } from './fitbit-errors.ts';
import { decodeCredential, type Incoming, type Reply, readBasic } from './http.ts';
import type { State } from './state.ts';

/** Finds out which app is calling: Basic for apps with a secret, `client_id` in the body for the others. */
export function authenticateFitbitClient(state: State, request: Incoming): { app: App } | { reply: Reply } {
  const header = request.headers.authorization;
  return header === undefined ? byBody(state, request.form) : byHeader(state, header);
}

function byBody(state: State, form: URLSearchParams): { app: App } | { reply: Reply } {
  const clientID = form.get('client_id');
  if (!clientID) {
    const message =
      'Invalid authorization header format. The header was not recognized to be a valid header for any of known implementations or a client_id was not specified in case of a public client Received header = null.';
    return refuse(state, message, 'there is neither an Authorization header nor a client_id in the body');
  }
  const app = state.apps.find('fitbit', clientID);
  if (app === undefined) return refuse(state, 'Client id invalid.', `no app is registered with ${clientID}`);
  if (app.type === 'server') {
    const note = 'an app of type "server" sends its id and secret in an Authorization: Basic header';
    return refuse(state, 'Incorrect authorization method.', note);
  }
  return { app };
}

function byHeader(state: State, header: string): { app: App } | { reply: Reply } {
  if (!/^basic\b/i.test(header)) {
    return refuse(state, 'Incorrect authorization method.', 'the Authorization header is not a Basic one');
  }
  const basic = readBasic(header);
  if (basic === undefined || basic.user === '' || basic.password === '') {
    const message = `Invalid authorization header format. The client id was not provided in proper format inside Authorization Header. Received authorization header = ${header},  received client encoded id = null.`;
    return refuse(state, message, 'the header is not "Basic " and base64(client_id:client_secret)');
  }
  const clientID = decodeCredential(basic.user);
  const app = state.apps.find('fitbit', clientID);
  if (app === undefined) {
    const message = 'Invalid authorization header. Client id invalid.';
    return refuse(state, message, `no app is registered with ${clientID}`);
  }
  if (app.clientSecret === undefined) {
    const note =
      'an app of type "client" has no secret: it sends client_id in the body and no Authorization header';
    return refuse(state, 'Incorrect authorization method.', note);
  }
  if (basic.password !== app.clientSecret && decodeCredential(basic.password) !== app.clientSecret) {
    const message = 'Invalid authorization header. Client secret invalid.';
    return refuse(state, message, 'the client secret is wrong');
  }
  return { app };
}

function refuse(state: State, message: string, note: string): { reply: Reply } {
  return { reply: invalidClient(state, message, note) };
}

import { type AuthorizeRequest, peopleFor, queryOf } from './authorize.ts';
import { allow, deny, readAuthorize } from './authorize-pages.ts';
import { checkBoolean, checkObject, checkOneOf, checkScope, checkText } from './check.ts';
import type { Provider } from './ledger.ts';
import type { State } from './state.ts';

/** A consent that is given without a browser. */
export interface ConsentOptions {
  readonly provider: Provider;
  /** Who consents: a person's id. */
  readonly person: string;
  /** What the app asks for: an array, or space separated text. */
  readonly scope: string | readonly string[];
  /** What the person ticks. @default everything that the app asks for */
  readonly granted?: string | readonly string[] | undefined;
  readonly redirectURI: string;
  readonly state?: string | undefined;
  readonly codeChallenge?: string | undefined;
  /** @default 'S256' when there is a `codeChallenge` */
  readonly codeChallengeMethod?: string | undefined;
  /** @default the app that is registered from the start */
  readonly clientID?: string | undefined;
  readonly prompt?: string | undefined;
  /** Google: `offline` asks for a refresh token. @default 'offline' */
  readonly accessType?: 'online' | 'offline' | undefined;
  /** Google: adds what was granted before. @default false */
  readonly includeGrantedScopes?: boolean | undefined;
}

/** What a consent brings. */
export interface Consent {
  /** The authorization code. */
  readonly code: string;
  /** Where the browser would be sent: the app's callback with code and state. */
  readonly redirectTo: string;
}

/** Thrown where the provider would show an error page instead of asking the person. */
export class AuthorizeRefusal extends Error {
  override readonly name = 'AuthorizeRefusal';
  /** The status of the error page. */
  readonly status: number;
  /** The provider's words on the error page. */
  readonly text: string;

  constructor(status: number, text: string, note: string) {
    super(`${text} (${note})`);
    this.status = status;
    this.text = text;
  }
}

const optionNames = [
  'provider',
  'person',
  'scope',
  'granted',
  'redirectURI',
  'state',
  'codeChallenge',
  'codeChallengeMethod',
  'clientID',
  'prompt',
  'accessType',
  'includeGrantedScopes',
] as const;

/** Consents in a person's name, through the checks of the authorize endpoint. */
export function consentTo(state: State, options: ConsentOptions): Consent {
  const request = requestOf(state, options);
  checkText(options.person, 'person');
  const person = peopleFor(request.app, state.people.list()).find(({ id }) => id === options.person);
  if (person === undefined) {
    const known = peopleFor(request.app, state.people.list()).map(({ id }) => id);
    throw new TypeError(
      `"person" ${options.person} cannot sign in to this app; it can be: ${known.join(', ')}`,
    );
  }
  const granted = options.granted === undefined ? request.scope : checkScope(options.granted, 'granted');
  if (granted.length === 0) throw new TypeError('"granted" must name a scope; use deny() for a refusal');
  for (const one of granted) checkOneOf(one, 'granted[]', request.scope);
  return allow(state, request, person, granted);
}

/** Denies in a person's name, through the checks of the authorize endpoint. */
export function denyTo(
  state: State,
  options: Omit<ConsentOptions, 'person' | 'granted'>,
): { readonly redirectTo: string } {
  return { redirectTo: deny(state, requestOf(state, options)) };
}

/** Puts the options through the very code that reads the browser's query. */
function requestOf(state: State, options: Omit<ConsentOptions, 'person' | 'granted'>): AuthorizeRequest {
  checkObject(options, 'the consent', optionNames);
  const { provider, codeChallenge, accessType = 'offline', includeGrantedScopes = false } = options;
  checkOneOf(provider, 'provider', ['fitbit', 'google-health'] as const);
  checkText(options.redirectURI, 'redirectURI');
  checkOneOf(accessType, 'accessType', ['online', 'offline'] as const);
  checkBoolean(includeGrantedScopes, 'includeGrantedScopes');
  for (const name of ['state', 'codeChallenge', 'codeChallengeMethod', 'clientID', 'prompt'] as const) {
    if (options[name] !== undefined) checkText(options[name], name);
  }
  if (provider === 'fitbit' && state.fitbitIsShutDown) {
    throw new AuthorizeRefusal(410, 'Gone', 'Fitbit is shut down');
  }
  const query = queryOf({
    response_type: 'code',
    client_id: options.clientID ?? state.apps.list().find((app) => app.provider === provider)?.clientID,
    redirect_uri: options.redirectURI,
    scope: checkScope(options.scope, 'scope').join(' '),
    state: options.state,
    prompt: options.prompt,
    code_challenge: codeChallenge,
    code_challenge_method: options.codeChallengeMethod ?? (codeChallenge === undefined ? undefined : 'S256'),
    access_type: provider === 'google-health' ? accessType : undefined,
    include_granted_scopes: includeGrantedScopes ? 'true' : undefined,
  });
  const reading = readAuthorize(state, provider, query);
  if ('request' in reading) return reading.request;
  const { status, text, note } = reading.refusal;
  throw new AuthorizeRefusal(status, text, note);
}

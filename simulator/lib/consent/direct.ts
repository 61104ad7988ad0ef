import { boolean, type Check, checkFields, oneOf, scope, splitScope, text } from '../check.ts';
import { fitbitPaths } from '../fitbit/endpoints.ts';
import { googlePaths } from '../google/endpoints.ts';
import type { AuthorizeRequest } from '../world/authorize-request.ts';
import { type Provider, providers } from '../world/provider.ts';
import type { World } from '../world/world.ts';
import { type Consent, peopleFor, queryOf } from './authorization.ts';
import { authorizations } from './endpoint.ts';

/** An authorize request in parts, for a consent without a browser. */
export interface AuthorizeOptions {
  readonly provider: Provider;
  /** What the app asks for: an array, or space separated text. */
  readonly scope: string | readonly string[];
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
  /** Google: adds the scopes that were granted before. @default false */
  readonly includeGrantedScopes?: boolean | undefined;
}

/** An authorize request as the app made it, for a consent without a browser. */
export interface AuthorizeURL {
  /** The URL that the app redirected to: its `Location` header as it is. */
  readonly url: string | URL;
}

/** Who consents, and to what. */
export interface Decision {
  /** Who consents: a person's id. */
  readonly person: string;
  /** The scopes that stay selected. @default everything that the app asks for */
  readonly granted?: string | readonly string[] | undefined;
}

/** A consent without a browser, to a request in parts. */
export type ConsentOptions = AuthorizeOptions & Decision;

/** A consent without a browser, to the app's own request. */
export type ConsentURLOptions = AuthorizeURL & Decision;

/** Thrown if the provider would show an error page instead of the consent page. */
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

/** Consents to a request as a person, after the checks of the authorize endpoint. */
export function consentTo(world: World, options: ConsentOptions | ConsentURLOptions): Consent {
  const { person: id, granted, ...rest } = objectOf(options);
  const request = readRequest(world, rest);
  text(id, 'person');
  const people = peopleFor(world, request.app);
  const person = people.find((one) => one.id === id);
  if (person === undefined) {
    const known = people.map((one) => one.id).join(', ');
    throw new TypeError(`"person" ${id} cannot sign in to this app; it can be: ${known}`);
  }
  if (granted !== undefined) scope(granted, 'granted');
  const ticked = granted === undefined ? request.scope : splitScope(granted);
  if (ticked.length === 0) throw new TypeError('"granted" must name a scope; use deny() for a refusal');
  for (const one of ticked) oneOf(request.scope)(one, 'granted[]');
  const { allow, refuse } = authorizations[request.provider];
  const refused = refuse?.(world, request, person);
  if (typeof refused === 'string') return { code: '', redirectTo: refused };
  if (refused !== undefined) throw new AuthorizeRefusal(refused.status, refused.text, refused.note);
  return allow(world, request, person, ticked);
}

/** Denies a request, after the checks of the authorize endpoint. */
export function denyTo(
  world: World,
  options: AuthorizeOptions | AuthorizeURL,
): { readonly redirectTo: string } {
  const request = readRequest(world, objectOf(options));
  return { redirectTo: authorizations[request.provider].deny(world, request) };
}

function objectOf<T extends object>(options: T): T {
  if (typeof options !== 'object' || options === null) throw new TypeError('the consent must be an object');
  return options;
}

/** Reads the request in the same way as a browser's. */
function readRequest(world: World, options: AuthorizeOptions | AuthorizeURL): AuthorizeRequest {
  const { provider, query } = 'url' in options ? ofURL(options) : ofParts(world, options);
  if (provider === 'fitbit' && world.fitbitIsShutDown) {
    throw new AuthorizeRefusal(410, 'Gone', 'Fitbit is shut down');
  }
  const reading = authorizations[provider].read(world, query);
  if ('request' in reading) return reading.request;
  const { status, text: words, note } = reading.refusal;
  throw new AuthorizeRefusal(status, words, note);
}

interface Query {
  readonly provider: Provider;
  readonly query: URLSearchParams;
}

function ofURL(options: AuthorizeURL): Query {
  checkFields(options, 'the consent by URL', { url: () => {} });
  const given = String(options.url);
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const provider = providers.find((one) => url?.pathname === authorizePaths[one]);
  if (url === undefined || provider === undefined) {
    throw new TypeError(
      '"url" must be the URL that the app redirects to: an authorize endpoint of this simulator, with its query',
    );
  }
  return { provider, query: url.searchParams };
}

const authorizePaths = { fitbit: fitbitPaths.authorize, 'google-health': googlePaths.authorize };

const checks: Readonly<Record<keyof AuthorizeOptions, Check>> = {
  provider: oneOf(providers),
  scope,
  redirectURI: text,
  state: text,
  codeChallenge: text,
  codeChallengeMethod: text,
  clientID: text,
  prompt: text,
  accessType: oneOf(['online', 'offline']),
  includeGrantedScopes: boolean,
};

function ofParts(world: World, options: AuthorizeOptions): Query {
  checkFields(options, 'the consent', checks);
  const { provider, codeChallenge, accessType = 'offline' } = options;
  oneOf(providers)(provider, 'provider');
  text(options.redirectURI, 'redirectURI');
  scope(options.scope, 'scope');
  const query = queryOf({
    response_type: 'code',
    client_id: options.clientID ?? world.apps.list().find((app) => app.provider === provider)?.clientID,
    redirect_uri: options.redirectURI,
    scope: splitScope(options.scope).join(' '),
    state: options.state,
    prompt: options.prompt,
    code_challenge: codeChallenge,
    code_challenge_method: options.codeChallengeMethod ?? (codeChallenge && 'S256'),
    access_type: provider === 'google-health' ? accessType : undefined,
    include_granted_scopes: options.includeGrantedScopes ? 'true' : undefined,
  });
  return { provider, query };
}

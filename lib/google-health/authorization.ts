import { splitScope } from '../client/token-set.ts';
import { checkBoolean, checkOneOf, checkString } from '../util/arguments.ts';

const DISPLAYS = ['page', 'popup', 'touch', 'wap'] as const;

const PROMPTS = ['none', 'consent', 'select_account'] as const;

/**
 * Which pages Google shows: `none` shows none (the login fails if one is needed), `consent` asks again,
 * `select_account` lets the user change accounts.
 */
export type GooglePrompt = (typeof PROMPTS)[number];

/** Google's own parameters of the authorization request. */
export interface AuthorizationOptions {
  /**
   * Which pages Google shows; with an empty array, Google decides. Without `consent`, only a user's first login returns
   * a refresh token.
   * @default 'consent'
   */
  prompt?:
    | GooglePrompt
    | 'consent select_account'
    | 'select_account consent'
    | readonly GooglePrompt[]
    | undefined;
  /**
   * Whether to ask for a refresh token.
   * @default 'offline'
   */
  accessType?: 'offline' | 'online' | undefined;
  /**
   * Whether the new tokens also have the scopes that the user granted earlier, to request scopes step by step. Leave it
   * off in a Google Cloud project that uses other Google APIs as well: the tokens then have those scopes, too, and the
   * Health API refuses them (`disallowed_oauth_scopes`).
   * @default false
   */
  includeGrantedScopes?: boolean | undefined;
  /** The Google account to offer: an e-mail address or the `sub` of userinfo. */
  loginHint?: string | undefined;
  /**
   * The Google Workspace domain whose accounts are offered, or `*` for any. Users can change it: to allow one domain
   * only, check `profile._json.userinfo.hd`, which comes with an OpenID scope.
   */
  hostedDomain?: string | undefined;
  /** How Google displays its pages (OpenID Connect). */
  display?: (typeof DISPLAYS)[number] | undefined;
}

/**
 * The parameters of the authorization request that only Google has.
 *
 * @throws TypeError naming the option and the remedy
 * @see https://developers.google.com/identity/protocols/oauth2/web-server#creatingclient
 */
export function toAuthorizationParams(
  options: Omit<AuthorizationOptions, 'prompt'> & { prompt?: unknown },
): Record<string, string> {
  const { prompt = 'consent', accessType = 'offline', includeGrantedScopes = false } = options;
  const { loginHint, hostedDomain, display } = options;
  checkOneOf(accessType, 'accessType', ['offline', 'online']);
  checkBoolean(includeGrantedScopes, 'includeGrantedScopes');
  if (loginHint !== undefined) checkString(loginHint, 'loginHint');
  if (hostedDomain !== undefined) checkString(hostedDomain, 'hostedDomain');
  if (display !== undefined) checkOneOf(display, 'display', DISPLAYS);
  const prompts = toPrompts(prompt);
  return {
    access_type: accessType,
    ...(prompts.length > 0 && { prompt: prompts.join(' ') }),
    ...(includeGrantedScopes && { include_granted_scopes: 'true' }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
    ...(hostedDomain !== undefined && { hd: hostedDomain }),
    ...(display !== undefined && { display }),
  };
}

function toPrompts(prompt: unknown): string[] {
  const list: unknown[] = Array.isArray(prompt)
    ? prompt
    : typeof prompt === 'string'
      ? splitScope(prompt)
      : [prompt];
  const prompts = list.map((each): GooglePrompt => {
    checkOneOf(each, 'prompt', PROMPTS);
    return each;
  });
  if (prompts.length > 1 && prompts.includes('none')) {
    throw new TypeError('"prompt" must not combine "none" with another value');
  }
  return prompts;
}

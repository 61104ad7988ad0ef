import { checkBoolean, checkOneOf, checkString } from '../oauth2/arguments.ts';
import type { AuthenticateOptions } from '../oauth2/authenticate-options.ts';
import { splitScope } from '../oauth2/tokens.ts';

const PROMPTS = ['none', 'consent', 'select_account'] as const;

/**
 * Which pages Google shows: `none` none at all (the login fails where one is needed), `consent` asks again,
 * `select_account` lets the user change accounts.
 */
export type GooglePrompt = (typeof PROMPTS)[number];

/** Google's own part of the authorization request. */
export interface AuthorizationOptions {
  /**
   * Which pages Google shows; an empty array leaves it to Google. Without `consent`, only a user's first login
   * brings a refresh token.
   * @default 'consent'
   */
  prompt?:
    | GooglePrompt
    | 'consent select_account'
    | 'select_account consent'
    | readonly GooglePrompt[]
    | undefined;
  /**
   * Whether a refresh token is asked for.
   * @default 'offline'
   */
  accessType?: 'offline' | 'online' | undefined;
  /**
   * Whether the new tokens have the scopes, too, that the user granted earlier: for asking little by little.
   * @default false
   */
  includeGrantedScopes?: boolean | undefined;
  /** The Google account to offer: an e-mail address or the `sub` of userinfo. */
  loginHint?: string | undefined;
}

/**
 * The parameters of the authorization request that only Google has.
 *
 * @throws TypeError naming the option and the remedy
 * @see https://developers.google.com/identity/protocols/oauth2/web-server#creatingclient
 */
export function toAuthorizationParams(
  options: Pick<AuthenticateOptions, keyof AuthorizationOptions>,
): Record<string, string> {
  const { prompt = 'consent', accessType = 'offline', includeGrantedScopes = false, loginHint } = options;
  checkOneOf(accessType, 'accessType', ['offline', 'online']);
  checkBoolean(includeGrantedScopes, 'includeGrantedScopes');
  if (loginHint !== undefined) checkString(loginHint, 'loginHint');
  const prompts = toPrompts(prompt);
  return {
    access_type: accessType,
    ...(prompts.length > 0 && { prompt: prompts.join(' ') }),
    ...(includeGrantedScopes && { include_granted_scopes: 'true' }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
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
    throw new TypeError('"prompt" must not have "none" with another value');
  }
  return prompts;
}

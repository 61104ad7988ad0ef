import { checkNumber, checkObject, checkOneOf } from './check.ts';

/**
 * What nobody outside the providers knows, or what they do in more than one way. Each switch has a
 * default and can be changed at the start (`startSimulator({ switches })`), while running
 * (`simulator.set()`) and on the control page: an app should pass its tests with either value.
 */
export interface Switches {
  /** Whether Fitbit's redirect after Deny carries `state`. @default true */
  fitbitDenialState: boolean;
  /** What the 410 after the shutdown has for a body. @default 'html' */
  fitbitShutdownBody: 'html' | 'json' | 'text' | 'empty';
  /** The status of `Redirect_uri mismatch`. @default 400 */
  fitbitRedirectMismatchStatus: 400 | 401;
  /** The errorType of `Redirect_uri mismatch`. @default 'invalid_grant' */
  fitbitRedirectMismatchError: 'invalid_grant' | 'invalid_request';
  /** What a second identical refresh within two minutes gets: the same answer, or 409. @default 'replay' */
  fitbitRepeatedRefresh: 'replay' | 'conflict';
  /** The errorType of the 409. @default 'request' */
  fitbitConflictError: 'request' | 'invalid_grant' | 'system';
  /** What introspection says of a live refresh token. @default 'inactive' */
  fitbitIntrospectRefreshToken: 'inactive' | 'active' | 'error';
  /** The body of a successful revocation. @default 'empty' */
  fitbitRevokeBody: 'empty' | 'json';
  /** The errorType for revoking what is already dead (401 for invalid_token, else 400). @default 'invalid_token' */
  fitbitRevokeDeadError: 'invalid_token' | 'invalid_grant' | 'invalid_request';
  /** How an app proves itself when it revokes: the documentation says Basic, the OpenAPI file Bearer. @default 'basic' */
  fitbitRevokeAuth: 'basic' | 'bearer' | 'either';
  /** The shape of Fitbit's error bodies. @default 'envelope' */
  fitbitErrorShape: 'envelope' | 'success-first' | 'without-success' | 'several' | 'rfc6749' | 'google';
  /** Whether the token response names the granted scope; some old replies don't. @default true */
  fitbitTokenScope: boolean;
  /** What an unknown scope does to an authorize request. @default 'refused' */
  fitbitUnknownScope: 'refused' | 'ignored';
  /** Requests for each user and hour. @default 150 */
  fitbitRateLimit: number;
  /** How the identity of a person who never had Fitbit shows it. @default 'missing' */
  googleLegacyUserID: 'missing' | 'empty';
  /** Whether Google's redirect after a denial has an `error_description`. @default false */
  googleDenialDescription: boolean;
  /** The description of `invalid_grant`; it varies. @default 'Token has been expired or revoked.' */
  googleInvalidGrant: 'Token has been expired or revoked.' | 'Bad Request';
  /** Whether a refresh brings a new refresh token, which then replaces the old one. @default false */
  googleRotateRefreshToken: boolean;
  /** What `prompt=none` gets when nobody is signed in or has consented. @default 'interaction_required' */
  googlePromptNone: 'interaction_required' | 'login_required' | 'consent_required';
  /** How `profile` and `email` are named once granted: Google answers with their full names. @default 'full' */
  googleScopeNames: 'full' | 'requested';
  /** Whether the Google project is in Testing: refresh tokens then live seven days. @default false */
  googleTesting: boolean;
  /** Health API requests for each user and minute. @default 300 */
  googleRateLimit: number;
}

/** The value that each switch has unless it is set. */
export const defaultSwitches: Readonly<Switches> = {
  fitbitDenialState: true,
  fitbitShutdownBody: 'html',
  fitbitRedirectMismatchStatus: 400,
  fitbitRedirectMismatchError: 'invalid_grant',
  fitbitRepeatedRefresh: 'replay',
  fitbitConflictError: 'request',
  fitbitIntrospectRefreshToken: 'inactive',
  fitbitRevokeBody: 'empty',
  fitbitRevokeDeadError: 'invalid_token',
  fitbitRevokeAuth: 'basic',
  fitbitErrorShape: 'envelope',
  fitbitTokenScope: true,
  fitbitUnknownScope: 'refused',
  fitbitRateLimit: 150,
  googleLegacyUserID: 'missing',
  googleDenialDescription: false,
  googleInvalidGrant: 'Token has been expired or revoked.',
  googleRotateRefreshToken: false,
  googlePromptNone: 'interaction_required',
  googleScopeNames: 'full',
  googleTesting: false,
  googleRateLimit: 300,
};

/** What the control page and the documentation say of one switch. */
export interface SwitchInfo<T> {
  /** The possible values; undefined for a positive integer. */
  readonly values?: readonly T[];
  readonly about: string;
}

const yesOrNo = [true, false] as const;

/** Every switch with its possible values and one line about it. */
export const switchTable: { readonly [K in keyof Switches]: SwitchInfo<Switches[K]> } = {
  fitbitDenialState: { values: yesOrNo, about: 'Deny sends state back' },
  fitbitShutdownBody: {
    values: ['html', 'json', 'text', 'empty'],
    about: 'Body of the 410 after the shutdown',
  },
  fitbitRedirectMismatchStatus: {
    values: [400, 401],
    about: 'Status of a redirect URI mismatch',
  },
  fitbitRedirectMismatchError: {
    values: ['invalid_grant', 'invalid_request'],
    about: 'errorType of a redirect URI mismatch',
  },
  fitbitRepeatedRefresh: {
    values: ['replay', 'conflict'],
    about: 'Answer to an identical refresh within two minutes',
  },
  fitbitConflictError: {
    values: ['request', 'invalid_grant', 'system'],
    about: 'errorType of the 409 refresh conflict',
  },
  fitbitIntrospectRefreshToken: {
    values: ['inactive', 'active', 'error'],
    about: 'Introspection of a live refresh token',
  },
  fitbitRevokeBody: { values: ['empty', 'json'], about: 'Body of a successful revocation' },
  fitbitRevokeDeadError: {
    values: ['invalid_token', 'invalid_grant', 'invalid_request'],
    about: 'errorType for revoking a dead token',
  },
  fitbitRevokeAuth: {
    values: ['basic', 'bearer', 'either'],
    about: 'Authentication of a revocation',
  },
  fitbitErrorShape: {
    values: ['envelope', 'success-first', 'without-success', 'several', 'rfc6749', 'google'],
    about: 'Shape of error bodies',
  },
  fitbitTokenScope: { values: yesOrNo, about: 'Token response names the scope' },
  fitbitUnknownScope: { values: ['refused', 'ignored'], about: 'Unknown scopes' },
  fitbitRateLimit: { about: 'Requests per user and hour' },
  googleLegacyUserID: {
    values: ['missing', 'empty'],
    about: 'legacyUserId of people who never had Fitbit',
  },
  googleDenialDescription: { values: yesOrNo, about: 'Denial has a description' },
  googleInvalidGrant: {
    values: ['Token has been expired or revoked.', 'Bad Request'],
    about: 'Description of invalid_grant',
  },
  googleRotateRefreshToken: {
    values: yesOrNo,
    about: 'A refresh brings a new refresh token',
  },
  googlePromptNone: {
    values: ['interaction_required', 'login_required', 'consent_required'],
    about: 'Error of a prompt=none that needs a page',
  },
  googleScopeNames: { values: ['full', 'requested'], about: 'Names of profile and email' },
  googleTesting: { values: yesOrNo, about: 'Project in Testing (7-day refresh tokens)' },
  googleRateLimit: { about: 'Health API requests per user and minute' },
};

/** The names of all switches. */
export const switchNames = Object.keys(switchTable) as (keyof Switches)[];

/** The switches as they stand, changed only through a check. */
export class SwitchBoard {
  #values: Readonly<Switches> = defaultSwitches;

  constructor(changes: Partial<Switches> = {}) {
    this.set(changes);
  }

  /** The switches as they stand. */
  get values(): Readonly<Switches> {
    return this.#values;
  }

  /** Changes some switches; refuses an unknown name or value, and then changes nothing. */
  set(changes: Partial<Switches>): void {
    checkObject(changes, '"switches"', switchNames);
    for (const name of switchNames) {
      if (!(name in changes)) continue;
      const info: SwitchInfo<unknown> = switchTable[name];
      if (info.values === undefined) checkNumber(changes[name], `switches.${name}`, { min: 1 });
      else checkOneOf(changes[name], `switches.${name}`, info.values);
    }
    this.#values = { ...this.#values, ...changes };
  }
}

import { type Check, checkFields, number, oneOf } from '../check.ts';

const yesOrNo = [true, false] as const;
const noOrYes = [false, true] as const;

/**
 * Undocumented or variable behavior of the providers: what each switch decides, and its
 * values, the default first. A switch without `values` takes a positive integer.
 */
export const switchTable = {
  /** Whether Fitbit's redirect after Deny carries `state`. */
  fitbitDenialState: { about: 'Deny sends state back', values: yesOrNo },
  /** The body of Fitbit's 410 after the shutdown. */
  fitbitShutdownBody: {
    about: 'Body of the 410 after the shutdown',
    values: ['html', 'json', 'text', 'empty'],
  },
  /** The status of `Redirect_uri mismatch`. */
  fitbitRedirectMismatchStatus: { about: 'Status of a redirect URI mismatch', values: [400, 401] },
  /** The errorType of `Redirect_uri mismatch`. */
  fitbitRedirectMismatchError: {
    about: 'errorType of a redirect URI mismatch',
    values: ['invalid_grant', 'invalid_request'],
  },
  /** The response to a second identical refresh within two minutes: the same response again, or 409. */
  fitbitRepeatedRefresh: {
    about: 'Response to an identical refresh within two minutes',
    values: ['replay', 'conflict'],
  },
  /** The errorType of the 409. */
  fitbitConflictError: {
    about: 'errorType of the 409 refresh conflict',
    values: ['request', 'invalid_grant', 'system'],
  },
  /** The introspection response for a valid refresh token. */
  fitbitIntrospectRefreshToken: {
    about: 'Introspection of a valid refresh token',
    values: ['inactive', 'active', 'error'],
  },
  /** The body of a successful revocation. */
  fitbitRevokeBody: { about: 'Body of a successful revocation', values: ['empty', 'json'] },
  /** The errorType for revoking an invalid token (401 for invalid_token, else 400). */
  fitbitRevokeDeadError: {
    about: 'errorType for revoking an invalid token',
    values: ['invalid_token', 'invalid_grant', 'invalid_request'],
  },
  /** How an app authenticates when it revokes: the documentation says Basic, the OpenAPI file Bearer. */
  fitbitRevokeAuth: { about: 'Authentication of a revocation', values: ['basic', 'bearer', 'either'] },
  /** The shape of Fitbit's error bodies. */
  fitbitErrorShape: {
    about: 'Shape of error bodies',
    values: ['envelope', 'success-first', 'without-success', 'several', 'rfc6749', 'google'],
  },
  /** Whether the token response names the granted scope; some old responses don't. */
  fitbitTokenScope: { about: 'Token response names the scope', values: yesOrNo },
  /** Whether the token endpoint also reads the query: Fitbit's OpenAPI file puts the parameters there. */
  fitbitTokenQuery: { about: 'Token endpoint reads the query as well as the body', values: yesOrNo },
  /** The effect of a code verifier if the authorize request had no challenge. */
  fitbitUnexpectedVerifier: {
    about: 'code_verifier for a code without a challenge',
    values: ['ignored', 'refused'],
  },
  /** The effect of an unknown scope on an authorize request. */
  fitbitUnknownScope: { about: 'Unknown scopes', values: ['refused', 'ignored'] },
  /** Requests for each user and hour. */
  fitbitRateLimit: { about: 'Requests per user and hour', start: 150 },
  /** The identity of a user who never had Fitbit. */
  googleLegacyUserID: {
    about: 'legacyUserId of users who never had Fitbit',
    values: ['missing', 'empty'],
  },
  /** Whether Google's redirect after a denial has an `error_description`. */
  googleDenialDescription: { about: 'Denial has a description', values: noOrYes },
  /** The description of `invalid_grant`; it varies. */
  googleInvalidGrant: {
    about: 'Description of invalid_grant',
    values: ['Token has been expired or revoked.', 'Bad Request'],
  },
  /** Whether a refresh returns a new refresh token that replaces the old one. */
  googleRotateRefreshToken: { about: 'A refresh brings a new refresh token', values: noOrYes },
  /** The error of `prompt=none` if no user is signed in or has consented. */
  googlePromptNone: {
    about: 'Error of a prompt=none that needs a page',
    values: ['interaction_required', 'login_required', 'consent_required'],
  },
  /** Which callbacks of Google have `iss`, which is rolled out in phases. */
  googleCallbackIssuer: { about: 'Callbacks that carry iss', values: ['success', 'always', 'never'] },
  /** Whether Google's callback names the account: `authuser`, `hd` and `prompt`. */
  googleCallbackAccount: { about: 'Callback names the account (authuser, hd, prompt)', values: yesOrNo },
  /** Where an organization's refusal appears: in the callback, at the token endpoint, or on Google's page. */
  googleOrganizationRefusal: {
    about: 'Where the refusal of an organization arrives',
    values: ['callback', 'token', 'page'],
  },
  /** Whether `nutrition.readonly` alone lets an app ask for the identity: Google's pages disagree. */
  googleNutritionIdentity: { about: 'nutrition.readonly identifies the user', values: noOrYes },
  /** The Health API's message for a Fitbit account that has not been moved. */
  googleUnmigratedMessage: {
    about: 'Message for a Fitbit account that was not moved',
    values: [
      'The caller does not have permission',
      'The caller does not have permission. Could not mint UberMint from GaiaMint',
    ],
  },
  /** How the Health API names the scopes that it does not allow: without their URL prefix, or in full. */
  googleDisallowedScopes: { about: 'Names of scopes that are not allowed', values: ['short', 'full'] },
  /** The status for a call that names another user than the token's. */
  googleForeignUser: { about: 'Status for the id of another user', values: [403, 400] },
  /** The status of the Health API for a user who has not finished the setup. */
  googleUnfinishedStatus: { about: 'Status for a profile that is not finished', values: [412, 400] },
  /** How a 429 of the Health API says how long to wait. */
  googleRetryAfter: { about: 'Time to wait in a 429', values: ['retry-info', 'seconds', 'date', 'none'] },
  /** The names of `profile` and `email` in token responses: full at Google. */
  googleScopeNames: { about: 'Names of profile and email', values: ['full', 'requested'] },
  /** Whether the Google project is in Testing: refresh tokens then expire after seven days. */
  googleTesting: { about: 'Project in Testing (7-day refresh tokens)', values: noOrYes },
  /** The status for a call that has the project's id instead of its number. */
  googleProjectIDStatus: { about: 'Status of a project id in place of the number', values: [400, 403] },
  /** The name of the signature header: the current one, the earlier one, or both. */
  googleWebhookHeader: {
    about: 'Name of the signature header',
    values: ['GOOGLE-HEALTH-API-SIGNATURE', 'X-HEALTHAPI-SIGNATURE', 'both'],
  },
  /** Whether a request has a list of notifications or a single one. */
  googleWebhookBody: { about: 'Body of a notification request', values: ['array', 'object'] },
  /** Whether notifications have the subscriber's secret. */
  googleWebhookAuthorization: { about: 'Notifications have the Authorization header', values: yesOrNo },
  /** The User-Agent of notifications and handshakes. */
  googleWebhookUserAgent: {
    about: 'User-Agent of notifications',
    values: ['Google-Health-API-Webhooks', 'Google-Health-API-Webhooks-Verifier'],
  },
  /** The bytes of a coordinate in the key set: with a leading zero, or without. */
  googleWebhookCoordinates: { about: 'Bytes of a coordinate in the key set', values: [33, 32] },
  /** Whether each notification is sent twice. */
  googleWebhookDuplicate: { about: 'Every notification is sent twice', values: noOrYes },
  /** The order in which the requests of one change are sent. */
  googleWebhookOrder: { about: 'Order of notification requests', values: ['as-happened', 'reversed'] },
  /** The notifications at the end of a consent: a DELETE for each data type, or one without a data type. */
  googleWebhookRevocation: { about: 'DELETE at the end of a consent', values: ['data-types', 'user'] },
  /** Whether the issuer of an event token ends in a slash, as in the configuration document. */
  googleEventIssuer: { about: 'Issuer of event tokens', values: ['slash', 'no-slash'] },
  /** Whether the audience of an event token is text or a list. */
  googleEventAudience: { about: 'Audience of event tokens', values: ['text', 'list'] },
  /** The kind of subject that names a user. */
  googleEventSubject: { about: 'Subject of security events', values: ['iss-sub', 'id_token_claims'] },
  /** How a revoked token is identified: by its hash in base64 or base64url, or by its first 16 characters. */
  googleEventTokenAlg: {
    about: 'Identifier of a revoked token',
    values: ['base64', 'base64url', 'prefix'],
  },
  /** Whether events of revoked tokens have their earlier names. */
  googleEventAlias: { about: 'Security events have their earlier names', values: noOrYes },
  /** Whether an event of an unknown type precedes each event. */
  googleEventUnknownType: { about: 'An unknown security event comes first', values: noOrYes },
  /** Whether each event token is sent twice. */
  googleEventDuplicate: { about: 'Every event token is sent twice', values: noOrYes },
  /** The kind of token that is sent: an event token, or an ID token, which the app must refuse. */
  googleEventToken: { about: 'Token that is sent as a security event', values: ['event', 'id-token'] },
  /** Whether events are sent for users who granted only Health scopes. */
  googleEventHealthOnly: { about: 'Security events without an OpenID scope', values: noOrYes },
  /** Whether a revocation by the app itself causes events. */
  googleEventOwnRevocation: { about: 'Security events when the app revokes', values: noOrYes },
  /** The event that is sent when a user deletes the account, which is not documented. */
  googleEventDeletion: {
    about: 'Security event when a user deletes the account',
    values: ['tokens-revoked', 'account-disabled', 'none'],
  },
  /** Health API requests for each user and minute. */
  googleRateLimit: { about: 'Health API requests per user and minute', start: 300 },
} as const satisfies Record<string, SwitchEntry>;

type SwitchEntry = { readonly about: string } & (
  | { readonly values: readonly (string | number | boolean)[] }
  | { readonly start: number }
);

/**
 * The switches. Set them at the start (`startSimulator({ switches })`), while the simulator runs (`simulator.set()`),
 * or on the control page. An app should pass its tests with every value.
 */
export type Switches = {
  -readonly [K in keyof typeof switchTable]: (typeof switchTable)[K] extends { values: readonly (infer V)[] }
    ? V
    : number;
};

/** The names of all switches. */
export const switchNames = Object.keys(switchTable) as (keyof Switches)[];

/** The possible values of a switch; undefined if it takes a positive integer. */
export function valuesOf(name: keyof Switches): readonly (string | number | boolean)[] | undefined {
  const entry: SwitchEntry = switchTable[name];
  return 'values' in entry ? entry.values : undefined;
}

/** The value that each switch has unless it is set. */
export const defaultSwitches: Readonly<Switches> = fromTable((name) => {
  const entry: SwitchEntry = switchTable[name];
  return 'values' in entry ? entry.values[0] : entry.start;
});

const checks: Readonly<Record<keyof Switches, Check>> = fromTable((name) => {
  const values = valuesOf(name);
  return values === undefined ? number({ min: 1 }) : oneOf(values);
});

/** An object with one property for each switch, whose type is derived from the table. */
function fromTable<T>(make: (name: keyof Switches) => unknown): T {
  return Object.fromEntries(switchNames.map((name) => [name, make(name)])) as T;
}

/** The current values of the switches, which can only be set after a check. */
export class SwitchBoard {
  #values: Readonly<Switches> = defaultSwitches;

  constructor(changes: Partial<Switches> = {}) {
    this.set(changes);
  }

  get values(): Readonly<Switches> {
    return this.#values;
  }

  /** Changes some switches. An unknown name or value throws, and changes nothing. */
  set(changes: Partial<Switches>): void {
    checkFields(changes, '"switches"', checks, 'switches.');
    this.#values = { ...this.#values, ...changes };
  }
}

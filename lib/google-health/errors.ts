import { type Failure, OAuthError, ResponseError } from '../client/errors.ts';
import type { Meaning, Refusal } from '../client/provider.ts';
import { REASONS, type Reason, UNNAMED } from './reasons.ts';

const SESSION_CONTROL = new Set(['invalid_rapt', 'rapt_required']);

/** Only the text identifies this case: a `PERMISSION_DENIED` without a reason also has other causes. */
const NOT_MIGRATED = /caller does not have permission|could not mint/i;

/** Explains a refusal, with its remedy. */
export function explain(refusal: Refusal): Meaning {
  const { code, errors } = refusal;
  const reason = findReason(refusal);
  if (reason === undefined) return {};
  const { message: _, ...meaning } = reason;
  const [error] = errors;
  if (code === 'disallowed_oauth_scopes') {
    const scopes = error?.metadata?.disallowed_scopes;
    return scopes === undefined
      ? meaning
      : { ...meaning, remedy: `${meaning.remedy} The scopes that it refuses: ${scopes}` };
  }
  if (code === 'service_disabled' && isGoogleURL(error?.help)) {
    return { ...meaning, remedy: `${meaning.remedy} ${error?.help}` };
  }
  return meaning;
}

function findReason({ code, operation, httpStatus, errors }: Refusal): Reason | undefined {
  const [error] = errors;
  if (operation === 'profile' && error?.reason === undefined) {
    if (code === 'permission_denied' && NOT_MIGRATED.test(error?.description ?? '')) {
      return UNNAMED.accountNotMigrated;
    }
    if (httpStatus === 412 || code === 'failed_precondition') return UNNAMED.profileNotReady;
  }
  if (code === 'invalid_grant') {
    if (SESSION_CONTROL.has(error?.reason ?? '')) return UNNAMED.sessionControl;
    if (operation === 'refresh') return UNNAMED.deadRefreshToken;
  }
  // A 409 is not always a conflict of two requests.
  return lookUp(code === 'conflict' ? error?.code : code);
}

function lookUp(code: string | undefined): Reason | undefined {
  return code !== undefined && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
}

const USER_MESSAGES = new Map<string, string>(
  [...Object.entries(REASONS), ...Object.entries(UNNAMED)].flatMap(
    ([name, { code = name, message }]: [string, Reason]) => (message === undefined ? [] : [[code, message]]),
  ),
);

/** Turns an error of a login into a failure, if the user can resolve it. */
export function toFailure(error: OAuthError): Failure | undefined {
  const { code, operation, message } = error;
  if (operation !== 'authorization' && operation !== 'code_exchange' && operation !== 'profile')
    return undefined;
  if (!(error instanceof ResponseError) && (code === 'missing_scope' || code === 'account_conflict')) {
    return { message, code, ...(error.cause instanceof OAuthError && { hint: error.cause.message }) };
  }
  const userMessage = USER_MESSAGES.get(code);
  if (userMessage === undefined) return undefined;
  const link = error instanceof ResponseError ? error.errors[0]?.metadata?.redirect_uri : undefined;
  return { message: userMessage, code, hint: message, ...(isGoogleURL(link) && { link }) };
}

/** The error for a login without any scope that identifies the user. */
export function missingScope(scopes: readonly string[], cause?: OAuthError): OAuthError {
  return new OAuthError(
    `Google Health needs your permission to identify you. To sign in, please start again and select at least one of these permissions: ${scopes.join(', ')}`,
    { code: 'missing_scope', operation: 'profile', reauthorize: true, cause },
  );
}

/** The error for tokens that the Health API would refuse. */
export function disallowedScopes(scopes: readonly string[]): OAuthError {
  const { remedy } = explain({
    code: 'disallowed_oauth_scopes',
    operation: 'profile',
    httpStatus: undefined,
    errors: [{ code: 'disallowed_oauth_scopes', metadata: { disallowed_scopes: scopes.join(', ') } }],
  });
  return new OAuthError(`Google granted scopes of other APIs — ${remedy}`, {
    code: 'disallowed_oauth_scopes',
    operation: 'profile',
  });
}

/** Whether a text is an address of Google's: users are sent there. */
function isGoogleURL(text: string | undefined): text is string {
  if (text === undefined || !URL.canParse(text)) return false;
  const { protocol, hostname, port, username, password } = new URL(text);
  const isGoogle = hostname === 'google.com' || hostname.endsWith('.google.com');
  return protocol === 'https:' && isGoogle && port === '' && username === '' && password === '';
}

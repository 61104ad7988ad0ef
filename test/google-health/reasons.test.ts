import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { OAuthError, ResponseError } from 'passport-fitbit-strategy';
import { refresh } from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { REASONS, UNNAMED } from '../../lib/google-health/reasons.ts';
import { authenticate, beginLogin, callbackRequest, login, type Outcome } from '../support/strategy.ts';
import { type Answer, CLIENT, fixture, startGoogle, strategyOf } from './google.ts';

/** Reason or answer, HTTP status, code, outcome of a login, a part of the remedy, retryable, reauthorize. */
type Row = [string, number, string, 'failure' | 'error', string, boolean, boolean];

const FILTER = 'The filter of the request is wrong';
const TIME = 'The time range, window or date of the request is wrong';
const DATA_POINT = 'The data point or its data type does not fit';
const SUBSCRIPTION = 'The subscriber, subscription, user or data type';
const REQUEST = 'repeating it does not help';

const DOCUMENTED: Row[] = [
  ['ACCOUNT_NOT_LINKED', 400, 'account_not_linked', 'failure', 'choose another account', false, false],
  [
    'INVALID_PARENT_DATA_TYPE_COLLECTION_FORMAT',
    400,
    'invalid_parent_data_type_collection_format',
    'error',
    DATA_POINT,
    false,
    false,
  ],
  [
    'INVALID_PARENT_DATA_TYPE_COLLECTION',
    400,
    'invalid_parent_data_type_collection',
    'error',
    DATA_POINT,
    false,
    false,
  ],
  ['INVALID_FILTER_FORMAT', 400, 'invalid_filter_format', 'error', FILTER, false, false],
  [
    'INVALID_DATA_POINT_DATA_SOURCE_FAMILY',
    400,
    'invalid_data_point_data_source_family',
    'error',
    DATA_POINT,
    false,
    false,
  ],
  ['INVALID_DATA_POINT_FILTER', 400, 'invalid_data_point_filter', 'error', FILTER, false, false],
  [
    'INVALID_DATA_POINT_FILTER_SYNTAX',
    400,
    'invalid_data_point_filter_syntax',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_MISSING_TOKEN',
    400,
    'invalid_data_point_filter_missing_token',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_UNEXPECTED_TOKEN',
    400,
    'invalid_data_point_filter_unexpected_token',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_UNEXPECTED_END_OF_INPUT',
    400,
    'invalid_data_point_filter_unexpected_end_of_input',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_EXPRESSION_STRUCTURE',
    400,
    'invalid_data_point_filter_expression_structure',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_RESTRICTION_COMPARABLE',
    400,
    'invalid_data_point_filter_restriction_comparable',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_DATA_TYPE_RESTRICTION',
    400,
    'invalid_data_point_filter_data_type_restriction',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_TIME_RANGE_INTERVAL_FORMAT',
    400,
    'invalid_time_range_interval_format',
    'error',
    TIME,
    false,
    false,
  ],
  ['INVALID_TIME_RANGE', 400, 'invalid_time_range', 'error', TIME, false, false],
  ['INVALID_ROLLUP_QUERY_DURATION', 400, 'invalid_rollup_query_duration', 'error', TIME, false, false],
  ['INVALID_ROLLUP_WINDOW', 400, 'invalid_rollup_window', 'error', TIME, false, false],
  [
    'INVALID_DATA_POINT_FILTER_MIXED_DATA_TYPE_RESTRICTIONS',
    400,
    'invalid_data_point_filter_mixed_data_type_restrictions',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_MIXED_TIME_RESTRICTIONS',
    400,
    'invalid_data_point_filter_mixed_time_restrictions',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_DATA_TYPE_MEMBER',
    400,
    'invalid_data_point_filter_data_type_member',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_RESTRICTION_COMPARATOR',
    400,
    'invalid_data_point_filter_restriction_comparator',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_TIMESTAMP_FORMAT',
    400,
    'invalid_data_point_filter_timestamp_format',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_CIVIL_DATE_TIME_FORMAT',
    400,
    'invalid_data_point_filter_civil_date_time_format',
    'error',
    FILTER,
    false,
    false,
  ],
  ['INVALID_CIVIL_DATE_TIME', 400, 'invalid_civil_date_time', 'error', TIME, false, false],
  [
    'INVALID_DATA_POINT_FILTER_RESTRICTION_ARGUMENT',
    400,
    'invalid_data_point_filter_restriction_argument',
    'error',
    FILTER,
    false,
    false,
  ],
  [
    'INVALID_DATA_POINT_FILTER_COLLECTION_MISMATCH',
    400,
    'invalid_data_point_filter_collection_mismatch',
    'error',
    FILTER,
    false,
    false,
  ],
  ['INVALID_DATA_POINT_NAME', 400, 'invalid_data_point_name', 'error', DATA_POINT, false, false],
  [
    'DATA_POINT_NOT_OWNED_BY_CLIENT',
    400,
    'data_point_not_owned_by_client',
    'error',
    'Only the OAuth client that wrote a data point',
    false,
    false,
  ],
  ['MISSING_DATA_POINT_NAMES', 400, 'missing_data_point_names', 'error', DATA_POINT, false, false],
  ['MISSING_DATA_POINT_FILTER', 400, 'missing_data_point_filter', 'error', FILTER, false, false],
  ['DATA_TYPE_MISMATCH', 400, 'data_type_mismatch', 'error', DATA_POINT, false, false],
  ['UPDATE_ONLY_UPSERT_SUPPORTED', 400, 'update_only_upsert_supported', 'error', DATA_POINT, false, false],
  ['MISSING_DATA_POINT_ID', 400, 'missing_data_point_id', 'error', DATA_POINT, false, false],
  ['MISSING_DATA_POINT_VALUE', 400, 'missing_data_point_value', 'error', DATA_POINT, false, false],
  ['INVALID_PROFILE_DATA', 400, 'invalid_profile_data', 'error', REQUEST, false, false],
  ['INVALID_FIELD_MASK_DATA', 400, 'invalid_field_mask_data', 'error', REQUEST, false, false],
  ['INVALID_PAGE_SIZE', 400, 'invalid_page_size', 'error', REQUEST, false, false],
  ['INVALID_PAGE_TOKEN', 400, 'invalid_page_token', 'error', 'begin at the first page', false, false],
  [
    'MULTIPLE_DATA_TYPES_UNSUPPORTED',
    400,
    'multiple_data_types_unsupported',
    'error',
    DATA_POINT,
    false,
    false,
  ],
  ['UNSUPPORTED_DATA_TYPE_ACTION', 400, 'unsupported_data_type_action', 'error', DATA_POINT, false, false],
  ['INVALID_DATA_TYPE', 400, 'invalid_data_type', 'error', DATA_POINT, false, false],
  ['MISSING_SUBSCRIBER', 400, 'missing_subscriber', 'error', SUBSCRIPTION, false, false],
  ['INVALID_SUBSCRIBER_NAME', 400, 'invalid_subscriber_name', 'error', SUBSCRIPTION, false, false],
  ['MISSING_SUBSCRIPTION', 400, 'missing_subscription', 'error', SUBSCRIPTION, false, false],
  ['INVALID_SUBSCRIPTION_NAME', 400, 'invalid_subscription_name', 'error', SUBSCRIPTION, false, false],
  ['MISSING_DATA_TYPES', 400, 'missing_data_types', 'error', SUBSCRIPTION, false, false],
  ['DATA_TYPES_CANNOT_BE_EMPTY', 400, 'data_types_cannot_be_empty', 'error', SUBSCRIPTION, false, false],
  ['MISSING_USER', 400, 'missing_user', 'error', SUBSCRIPTION, false, false],
  ['INVALID_USER_RESOURCE_NAME', 400, 'invalid_user_resource_name', 'error', SUBSCRIPTION, false, false],
  ['INVALID_DATA_TYPE_FORMAT', 400, 'invalid_data_type_format', 'error', DATA_POINT, false, false],
  ['MISSING_OAUTH_SCOPE', 403, 'missing_scope', 'failure', 'The user did not grant the scope', false, true],
  [
    'DISALLOWED_OAUTH_SCOPES',
    403,
    'disallowed_oauth_scopes',
    'error',
    'scopes of other Google APIs',
    false,
    false,
  ],
  [
    'API_PRIVATE_PREVIEW_ACCESS_DENIED',
    403,
    'api_private_preview_access_denied',
    'error',
    'private preview',
    false,
    false,
  ],
  ['DATA_ACCESS_DENIED', 403, 'data_access_denied', 'error', 'until the user connects again', false, true],
  [
    'RESOURCE_PERMISSION_DENIED',
    403,
    'resource_permission_denied',
    'error',
    'until the user connects again',
    false,
    true,
  ],
  ['RESOURCE_NOT_FOUND', 404, 'resource_not_found', 'error', 'check its name', false, false],
  [
    'SLEEP_ALREADY_EXISTS',
    409,
    'sleep_already_exists',
    'error',
    'already exists: update that one',
    false,
    false,
  ],
  ['INTERNAL_ERROR', 500, 'internal_error', 'error', 'try again later', true, false],
];

const MORE: Row[] = [
  ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 403, 'missing_scope', 'failure', 'did not grant', false, true],
  ['USER_PROJECT_DENIED', 403, 'user_project_denied', 'error', 'x-goog-user-project', false, false],
  ['IAM_PERMISSION_DENIED', 403, 'iam_permission_denied', 'error', 'IAM role', false, false],
  ['CONSUMER_INVALID', 403, 'consumer_invalid', 'error', 'does not exist or was deleted', false, false],
  ['SERVICE_DISABLED', 403, 'service_disabled', 'error', 'Enable the Google Health API', false, false],
  ['CREDENTIALS_MISSING', 401, 'credentials_missing', 'error', 'refresh it', false, false],
  ['ACCESS_TOKEN_EXPIRED', 401, 'access_token_expired', 'error', 'refresh it', false, false],
];

const STATUSES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  500: 'INTERNAL',
};

/** An answer of the Health API. */
function rpcError(httpStatus: number, reason: string | undefined, message = 'No.', status?: string): Answer {
  const details = reason === undefined ? {} : { details: [errorInfo(reason)] };
  const error = { code: httpStatus, message, status: status ?? STATUSES[httpStatus], ...details };
  return { status: httpStatus, body: { error } };
}

const errorInfo = (reason: string, metadata?: Record<string, unknown>) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'health.googleapis.com',
  ...(metadata && { metadata }),
});

/** How a login ends when the identity call gets this answer. */
async function identityOutcome(answer: Answer): Promise<Outcome> {
  return login(strategyOf(await startGoogle({ identity: answer })));
}

/** What userProfile reports, as an app's own code sees it. */
async function identityError(answer: Answer): Promise<ResponseError> {
  const google = await startGoogle({ identity: answer });
  const error = await new Promise((resolve) => strategyOf(google).userProfile('ya29.a', resolve));
  const found = error instanceof OAuthError && error.cause !== undefined ? error.cause : error;
  if (!(found instanceof ResponseError)) throw new Error(`no ResponseError but ${inspect(error)}`);
  return found;
}

/** How a login ends when Google sends the browser back with an error. */
async function callbackOutcome(query: Record<string, unknown>): Promise<Outcome> {
  const strategy = strategyOf(await startGoogle());
  const { session, state } = await beginLogin(strategy);
  return authenticate(strategy, callbackRequest(session, { state, ...query }));
}

async function refreshError(answer: Answer): Promise<unknown> {
  const google = await startGoogle({ token: answer });
  return refresh({ ...CLIENT, ...google.endpoints }, '1//05Edead').catch((error: unknown) => error);
}

async function expectRow(answer: Answer, [, httpStatus, code, kind, remedy, retryable, reauthorize]: Row) {
  const error = await identityError(answer);
  expect(error).toMatchObject({ code, httpStatus, operation: 'profile', retryable, reauthorize });
  expect(error.message).toContain(remedy);
  const outcome = await identityOutcome(answer);
  if (kind === 'failure') {
    expect(outcome).toMatchObject({
      type: 'fail',
      status: 403,
      failure: { code, message: expect.stringMatching(/\.$|: \S+$/), hint: error.message },
    });
  } else {
    expect(outcome).toMatchObject({ type: 'error', error: { code, message: error.message } });
  }
}

describe('a reason of the Health API', () => {
  it('has a row below, if Google documents it', () => {
    const file = new URL('../fixtures/google-health/reasons.tsv', import.meta.url);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const documented = lines.filter((line) => !line.startsWith('#')).map((line) => line.split('\t'));
    expect(DOCUMENTED.map(([reason, status]) => [reason, String(status)])).toEqual(documented);
    expect(documented).toHaveLength(58);
  });

  it.each([...DOCUMENTED, ...MORE])(
    '%s (%i): %s, a login has a %s, remedy "%s", retryable %s, reauthorize %s',
    (...row) => expectRow(rpcError(row[1], row[0]), row),
  );

  it('that nobody knows falls back to the status, and is kept', async () => {
    const error = await identityError(rpcError(403, 'SOMETHING_NEW', 'The caller does not have permission'));
    expect(error).toMatchObject({
      code: 'permission_denied',
      errors: [{ code: 'permission_denied', reason: 'something_new' }],
    });
    expect(await identityOutcome(rpcError(404, 'CONSTRUCTOR'))).toMatchObject({
      type: 'error',
      error: { code: 'not_found' },
    });
  });

  it('is found behind other details, and without a type', async () => {
    const details = [null, 5, { '@type': 'x' }, { reason: 5 }, { reason: 'DATA_ACCESS_DENIED' }];
    const body = { error: { status: 'PERMISSION_DENIED', message: 'No.', details } };
    expect(await identityError({ status: 403, body })).toMatchObject({ code: 'data_access_denied' });
  });
});

describe('docs/troubleshooting.md', () => {
  it('has an entry for every code', () => {
    const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
    const [, table = ''] = page.split('### Codes of Google Health\n');
    const named = Object.entries(REASONS).map(([name, { code = name }]) => code);
    const unnamed = Object.values(UNNAMED).flatMap(({ code }) => code ?? []);
    const missing = [...named, ...unnamed]
      .filter((code) => !code.startsWith('invalid_data_point_filter_'))
      .filter((code) => !table.includes(`\`${code}\``));
    expect(missing).toEqual([]);
    expect(unnamed).toEqual(['account_not_migrated', 'profile_not_ready']);
  });
});

describe('a response without a reason', () => {
  const UNNAMED: [name: string, answer: Answer, Row][] = [
    ...['The caller does not have permission', 'Could not mint UberMint for the user'].map(
      (message): [string, Answer, Row] => [
        `403 PERMISSION_DENIED "${message}"`,
        rpcError(403, undefined, message),
        ['', 403, 'account_not_migrated', 'failure', 'One of three causes', false, false],
      ],
    ),
    [
      '403 PERMISSION_DENIED with another text',
      rpcError(403, undefined, 'No.'),
      ['', 403, 'permission_denied', 'error', 'Check that the Google Health API is enabled', false, false],
    ],
    [
      '400 FAILED_PRECONDITION',
      rpcError(400, undefined, 'No.', 'FAILED_PRECONDITION'),
      ['', 400, 'profile_not_ready', 'failure', 'finish the setup', false, false],
    ],
    [
      '412 without a body',
      { status: 412 },
      ['', 412, 'profile_not_ready', 'failure', 'finish the setup', false, false],
    ],
    [
      '412 with a page',
      { status: 412, body: '<h1>Precondition Failed</h1>' },
      ['', 412, 'profile_not_ready', 'failure', 'finish the setup', false, false],
    ],
    [
      '401 UNAUTHENTICATED',
      { status: 401, body: fixture('error-unauthenticated') },
      ['', 401, 'unauthenticated', 'error', 'refresh it', false, false],
    ],
    [
      '403 {"error":"insufficient_scope"}',
      { status: 403, body: { error: 'insufficient_scope' } },
      ['', 403, 'missing_scope', 'failure', 'did not grant', false, true],
    ],
    [
      '429 RESOURCE_EXHAUSTED',
      { status: 429, body: fixture('error-rate-limited') },
      ['', 429, 'rate_limited', 'error', '300 requests a minute', true, false],
    ],
  ];
  it.each(UNNAMED)('%s', (_name, answer, row) => expectRow(answer, row));

  it('blames nobody’s account at another call than those for the user', async () => {
    const error = await refreshError(rpcError(403, undefined, 'The caller does not have permission'));
    expect(error).toMatchObject({ code: 'permission_denied', operation: 'refresh' });
    expect(await refreshError({ status: 412 })).toMatchObject({ code: 'unexpected_status' });
  });
});

describe('the failure account_not_linked', () => {
  const outcomeWith = (redirect_uri: unknown) =>
    identityOutcome({
      status: 400,
      body: {
        error: {
          status: 'FAILED_PRECONDITION',
          details: [errorInfo('ACCOUNT_NOT_LINKED', { redirect_uri })],
        },
      },
    });

  it('has the page on which the user can sign up', async () => {
    const body = fixture('error-account-not-linked');
    expect(await identityOutcome({ status: 400, body })).toMatchObject({
      failure: { code: 'account_not_linked', link: 'https://fitbit.google.com/auth/signup' },
    });
  });

  it.each([
    'http://fitbit.google.com/auth/signup',
    'https://fitbit.google.com.example/auth/signup',
    'https://notgoogle.com/',
    'https://google.com@evil.example/',
    'https://user:pass@fitbit.google.com/',
    'https://fitbit.google.com:8443/',
    'javascript:alert(1)',
    '//fitbit.google.com/',
    '',
    5,
    undefined,
  ])('has no page that is not one of Google’s: %j', async (redirectURI) => {
    const outcome = await outcomeWith(redirectURI);
    expect(outcome).toMatchObject({ failure: { code: 'account_not_linked' } });
    expect(Reflect.get(outcome, 'failure')).not.toHaveProperty('link');
  });
});

describe('what the developer gets beside the code', () => {
  it('is the metadata, without secrets and without what is no text', async () => {
    const google = await startGoogle({
      identity: {
        status: 403,
        body: {
          error: {
            status: 'PERMISSION_DENIED',
            details: [
              errorInfo('IAM_PERMISSION_DENIED', {
                service: 'health.googleapis.com',
                consumer: 'projects/407410400001',
                token: 'ya29.a-token-of-this-test',
                url: 'https://x.google.com/?project=407410400001&token=ya29.a-token-of-this-test',
                number: 5,
              }),
            ],
          },
        },
      },
    });
    const error = await new Promise((resolve) =>
      strategyOf(google).userProfile('ya29.a-token-of-this-test', resolve),
    );
    expect(Reflect.get(Object(error), 'errors')).toEqual([
      {
        code: 'iam_permission_denied',
        reason: 'iam_permission_denied',
        metadata: {
          service: 'health.googleapis.com',
          consumer: 'projects/407410400001',
          token: '[redacted]',
          url: 'https://x.google.com/?project=407410400001&token=[redacted]',
        },
      },
    ]);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('a-token-of-this-test');
  });

  it('names the scopes that the Health API refuses', async () => {
    const error = await identityError({ status: 403, body: fixture('error-disallowed-scopes') });
    expect(error.message).toMatch(/refuses: https:\/\/www\.googleapis\.com\/auth\/calendar\.readonly$/);
  });

  it('has the page on which the API is enabled, if it is one of Google’s', async () => {
    const body = fixture('error-service-disabled');
    const { message, errors } = await identityError({ status: 403, body });
    const page =
      'https://console.developers.google.com/apis/api/health.googleapis.com/overview?project=407410400001';
    expect(
      message.endsWith(
        `Enable the Google Health API in the Google Cloud project of the OAuth client. ${page}`,
      ),
    ).toBe(true);
    expect(errors[0]?.help).toBe(page);

    const details = [errorInfo('SERVICE_DISABLED'), { links: [null, {}, { url: 'https://evil.example/' }] }];
    const other = await identityError({
      status: 403,
      body: { error: { status: 'PERMISSION_DENIED', details } },
    });
    expect(other.message).not.toContain('evil');
  });
});

describe('the time to wait', () => {
  const waitOf = async (retryDelay: unknown) => {
    const error = { status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'RetryInfo', retryDelay }] };
    return (await identityError({ status: 429, body: { error } })).retryAfter;
  };

  it.each([
    ['36s', 36],
    ['36.2s', 37],
    ['0s', 0],
    ['0.000000001s', 1],
    ['-1s', undefined],
    ['36', undefined],
    ['1e3s', undefined],
    ['9999999999s', undefined],
    [36, undefined],
    [{ seconds: 36 }, undefined],
  ])('in RetryInfo as %j is %s', async (retryDelay, seconds) => {
    expect(await waitOf(retryDelay)).toBe(seconds);
  });

  it.each([
    ['120', 120],
    ['10', 37],
    ['Tue, 24 Nov 2020 12:00:30 GMT', 37],
    ['soon', 37],
  ])('is the longer one of RetryInfo and Retry-After: %s', async (header, seconds) => {
    const google = await startGoogle({
      identity: { status: 429, body: fixture('error-rate-limited'), headers: { 'Retry-After': header } },
    });
    const error = await new Promise((resolve) => strategyOf(google).userProfile('ya29.a', resolve));
    expect(error).toMatchObject({ code: 'rate_limited', retryAfter: seconds });
  });
});

describe('a refresh that Google refuses', () => {
  it.each<[string, Answer, string, string, boolean]>([
    [
      'invalid_grant',
      { status: 400, body: fixture('error-invalid-grant') },
      'invalid_grant',
      'six months',
      true,
    ],
    [
      'invalid_rapt',
      { status: 400, body: fixture('error-invalid-rapt') },
      'invalid_grant',
      'session control',
      true,
    ],
    [
      'rapt_required',
      { status: 400, body: { error: 'invalid_grant', error_subtype: 'rapt_required' } },
      'invalid_grant',
      'session control',
      true,
    ],
    ...['deleted_client', 'disabled_client', 'unauthorized_client', 'invalid_client'].map(
      (error): [string, Answer, string, string, boolean] => [
        error,
        { status: 401, body: { error } },
        error,
        'Check clientID and clientSecret',
        false,
      ],
    ),
    [
      'admin_policy_enforced',
      { status: 400, body: { error: 'admin_policy_enforced' } },
      'admin_policy_enforced',
      'Workspace administrator',
      false,
    ],
    ['org_internal', { status: 403, body: { error: 'org_internal' } }, 'org_internal', '"Internal"', false],
  ])('with %s says what to do', async (_name, answer, code, remedy, reauthorize) => {
    const error = await refreshError(answer);
    expect(error).toMatchObject({
      code,
      operation: 'refresh',
      retryable: false,
      reauthorize,
      message: expect.stringContaining(remedy),
    });
  });

  it('keeps the subtype beside the code', async () => {
    const error = await refreshError({ status: 400, body: fixture('error-invalid-rapt') });
    expect(error).toMatchObject({ errors: [{ code: 'invalid_grant', reason: 'invalid_rapt' }] });
  });
});

describe('a login that Google refuses', () => {
  it.each([
    ['interaction_required', 'sign in again', 'prompt: "none"'],
    ['login_required', 'sign in again', 'prompt: "none"'],
    ['consent_required', 'sign in again', 'prompt: "none"'],
    ['immediate_failed', 'sign in again', 'prompt: "none"'],
    ['admin_policy_enforced', 'ask your administrator', 'Workspace administrator'],
    ['org_internal', 'members of one organization', '"Internal"'],
  ])('at the callback with %s is a failure, with a hint', async (error, message, hint) => {
    expect(await callbackOutcome({ error })).toEqual({
      type: 'fail',
      status: 403,
      failure: {
        code: error,
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      },
    });
  });

  it.each(['admin_policy_enforced', 'org_internal'])(
    'at the code exchange with %s is a failure',
    async (error) => {
      const google = await startGoogle({ token: { status: 403, body: { error } } });
      expect(await login(strategyOf(google))).toMatchObject({ type: 'fail', failure: { code: error } });
    },
  );

  it.each(['deleted_client', 'disabled_client', 'unauthorized_client'])(
    'at the callback with %s is an error that says what to check',
    async (error) => {
      expect(await callbackOutcome({ error })).toMatchObject({
        type: 'error',
        error: { code: error, message: expect.stringContaining('Check clientID and clientSecret') },
      });
    },
  );

  it('has the subtype of the error, if it can be one', async () => {
    const outcome = await callbackOutcome({ error: 'server_error', error_subtype: 'Some_Subtype' });
    expect(outcome).toMatchObject({
      error: { message: 'Google refused the authorization request: server_error (some_subtype)' },
    });
    const odd = await callbackOutcome({ error: 'server_error', error_subtype: '<script>' });
    expect(odd).toMatchObject({
      error: { message: 'Google refused the authorization request: server_error' },
    });
  });

  it('is not believed without the state', async () => {
    expect(await callbackOutcome({ error: 'admin_policy_enforced', state: 'made-up' })).toMatchObject({
      failure: { code: 'state_mismatch' },
    });
  });
});

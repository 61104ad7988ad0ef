import { readFileSync } from 'node:fs';

/** The part of a JSON schema that the providers' descriptions use. */
interface Schema {
  type?: string;
  $ref?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  format?: string;
}

type Schemas = Readonly<Record<string, Schema>>;

function load(name: string): Schema & { schemas: Schemas } {
  return JSON.parse(readFileSync(new URL(`../fixtures/specs/${name}.json`, import.meta.url), 'utf8'));
}

const errors = load('errors').schemas;

const fitbit: Schemas = {
  ...errors,
  ...load('fitbit-models').schemas,
  ActivitySummary: load('fitbit-activity_summary'),
  DailyActivitySummary: load('fitbit-get_daily_activity_summary_response'),
  Introspection: load('fitbit-oauth2_introspect'),
  Token: load('fitbit-oauth2_token'),
  User: load('fitbit-user'),
};

const google: Schemas = {
  ...errors,
  ...load('google-oauth2').schemas,
  ...load('google-health-models').schemas,
  ...load('google-health-discovery').schemas,
};

const empty: Schema = { type: 'object', properties: {} };

/** The shapes of successful answers, by method and path. */
const successes: readonly [method: string, path: RegExp, schemas: Schemas, schema: Schema][] = [
  ['POST', /\/fitbit\/oauth2\/token$/, fitbit, { $ref: 'Token' }],
  ['POST', /\/fitbit\/1\.1\/oauth2\/introspect$/, fitbit, { $ref: 'Introspection' }],
  ['POST', /\/fitbit\/oauth2\/revoke$/, fitbit, empty],
  ['GET', /\/fitbit\/1\/user\/-\/profile\.json$/, fitbit, { $ref: 'GetProfileResponse' }],
  ['GET', /\/fitbit\/1\/user\/[^/]+\/activities\/date\//, fitbit, { $ref: 'DailyActivitySummary' }],
  ['GET', /\/fitbit\/1\/user\/[^/]+\/activities\/steps\//, fitbit, { $ref: 'GetActivityTimeSeriesResponse' }],
  [
    'GET',
    /\/fitbit\/1\/user\/[^/]+\/activities\/heart\//,
    fitbit,
    { $ref: 'GetHeartRateTimeSeriesResponse' },
  ],
  ['GET', /\/fitbit\/1\.2\/user\/[^/]+\/sleep\//, fitbit, { $ref: 'GetSleepLogByDateResponse' }],
  ['POST', /\/google\/token$/, google, { $ref: 'Token' }],
  ['*', /\/google\/tokeninfo$/, google, { $ref: 'TokenInfo' }],
  ['*', /\/google\/revoke$/, google, empty],
  ['*', /\/google\/oauth2\/v3\/userinfo$/, google, { $ref: 'UserInfo' }],
  ['GET', /\/v4\/users\/[^/]+\/identity$/, google, { $ref: 'Identity' }],
  ['GET', /\/v4\/users\/[^/]+\/profile$/, google, { $ref: 'Profile' }],
  ['GET', /\/v4\/users\/[^/]+\/dataTypes\/[^/]+\/dataPoints$/, google, { $ref: 'ListDataPointsResponse' }],
  ['GET', /\/v4\/projects\/[^/]+\/subscribers$/, google, { $ref: 'ListSubscribersResponse' }],
  ['POST', /\/v4\/projects\/[^/]+\/subscribers$/, google, { $ref: 'Operation' }],
  ['GET', /\/v4\/projects\/[^/]+\/subscribers\/[^/]+$/, google, { $ref: 'Subscriber' }],
  ['*', /\/v4\/projects\/[^/]+\/subscribers\/[^/]+$/, google, { $ref: 'Operation' }],
  ['GET', /\/subscribers\/[^/]+\/subscriptions$/, google, { $ref: 'ListSubscriptionsResponse' }],
  ['POST', /\/subscribers\/[^/]+\/subscriptions$/, google, { $ref: 'Subscription' }],
  ['DELETE', /\/subscribers\/[^/]+\/subscriptions\/[^/]+$/, google, empty],
];

/**
 * Where a JSON answer of a provider differs from the shape that the provider publishes: fields that the shape does not
 * have, fields that are missing, and values of another type. `undefined` for a path that has no published shape.
 */
export function differences(
  method: string,
  path: string,
  status: number,
  body: unknown,
): string[] | undefined {
  const [, , schemas, schema] =
    successes.find(([of, pattern]) => (of === method || of === '*') && pattern.test(path)) ?? [];
  if (schemas === undefined || schema === undefined) return undefined;
  return status < 400 ? compare(body, schema, schemas, '$') : compareError(path, status, body);
}

/** Fitbit also sends Google's errors and those of RFC 6749; Google's OAuth endpoints the latter, its APIs the former. */
function compareError(path: string, status: number, body: unknown): string[] {
  const { error } = Object(body);
  const kinds = path.includes('/fitbit/')
    ? ['FitbitErrors', 'OAuthError', 'APIError']
    : [path.includes('/v4/') ? 'APIError' : 'OAuthError'];
  const kind =
    typeof error === 'object' ? 'APIError' : typeof error === 'string' ? 'OAuthError' : 'FitbitErrors';
  if (!kinds.includes(kind)) return [`$ is of the kind ${kind}, not ${kinds.join(' or ')}`];
  const found = compare(body, { $ref: kind }, errors, '$');
  return kind === 'APIError' && error.code !== status
    ? [...found, `$.error.code is ${error.code}, not ${status}`]
    : found;
}

function compare(value: unknown, given: Schema, schemas: Schemas, path: string): string[] {
  const schema = resolve(value, given, schemas);
  const { type, properties, additionalProperties, items, required = [] } = schema;
  const actual = Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  if (actual !== type && !(actual === 'integer' && type === 'number')) {
    return [`${path} is ${actual}, not ${type}`];
  }
  if (schema.enum?.includes(value) === false)
    return [`${path} is ${value}, not one of ${schema.enum.join(' ')}`];
  if (!fits(value, schema.format)) return [`${path} is ${value}, no ${schema.format}`];
  if (Array.isArray(value)) {
    return value.flatMap((each, i) => (items ? compare(each, items, schemas, `${path}[${i}]`) : []));
  }
  if (actual !== 'object') return [];
  const fields = Object.entries(Object(value));
  const missing = required.filter((name) => !fields.some(([field]) => field === name));
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...fields.flatMap(([name, field]) => {
      const own = properties?.[name] ?? additionalProperties;
      if (own !== undefined) return compare(field, own, schemas, `${path}.${name}`);
      return properties === undefined ? [] : [`${path}.${name} is unknown`];
    }),
  ];
}

/** Follows a reference. One to `Detail` is to what the value says of its type. */
function resolve(value: unknown, schema: Schema, schemas: Schemas): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.replace('#/components/schemas/', '');
  const target = schemas[name === 'Detail' ? String(Object(value)['@type']).replace(/.*\./, '') : name];
  if (target === undefined)
    throw new TypeError(`the fixtures have no shape for ${name}: ${JSON.stringify(value)}`);
  return target;
}

function fits(value: unknown, format: string | undefined): boolean {
  const text = String(value);
  switch (format) {
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
    case 'uri':
      return URL.canParse(text);
    case 'google-duration':
      return /^-?\d+(\.\d+)?s$/.test(text);
    default:
      return true;
  }
}

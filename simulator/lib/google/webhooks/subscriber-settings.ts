import { fieldsOf } from '../../http/request.ts';
import { isLoopback } from '../../world/apps.ts';
import { endpointProblem } from '../project.ts';
import type { SubscriberConfig } from './subscriber.ts';

/** The settings in a request. Absent ones stay unchanged. */
export interface SubscriberSettings {
  readonly endpointUri: string | undefined;
  readonly secret: string | undefined;
  readonly configs: readonly SubscriberConfig[] | undefined;
}

/** A data type that Google's guide lists and its server refuses. */
const refusedType = 'total-calories';

/** Reads the body of a create or patch request; or returns a string that says what is wrong. */
export function readSettings(body: Readonly<Record<string, unknown>>): SubscriberSettings | string {
  const { endpointUri, endpointAuthorization, subscriberConfigs } = body;
  const { secret } = fieldsOf(endpointAuthorization);
  if (endpointUri !== undefined) {
    const problem = endpointProblem(endpointUri, isLoopback);
    if (problem !== undefined) return `endpointUri: ${problem}`;
  }
  if (
    secret !== undefined &&
    (typeof secret !== 'string' || !/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(secret))
  ) {
    return 'endpointAuthorization.secret must be the whole value of the Authorization header';
  }
  const configs = subscriberConfigs === undefined ? undefined : readConfigs(subscriberConfigs);
  if (typeof configs === 'string') return configs;
  return {
    endpointUri: typeof endpointUri === 'string' ? endpointUri : undefined,
    secret,
    configs,
  };
}

function readConfigs(value: unknown): readonly SubscriberConfig[] | string {
  if (!Array.isArray(value)) return 'subscriberConfigs must be a list';
  const configs: SubscriberConfig[] = [];
  for (const one of value) {
    const { dataTypes, subscriptionCreatePolicy: policy } = fieldsOf(one);
    const types = readDataTypes(dataTypes);
    if (typeof types === 'string') return types;
    if (policy !== 'AUTOMATIC' && policy !== 'MANUAL') {
      return 'subscriptionCreatePolicy must be AUTOMATIC or MANUAL';
    }
    configs.push({ dataTypes: types, subscriptionCreatePolicy: policy });
  }
  return configs;
}

/** Reads names of data types; or returns a string that says what is wrong. */
export function readDataTypes(value: unknown): readonly string[] | string {
  if (!Array.isArray(value) || value.length === 0) return 'dataTypes must be a list of names';
  for (const type of value) {
    const isName = typeof type === 'string' && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(type);
    if (!isName || type === refusedType) return `dataTypes: ${String(type)} is not supported`;
  }
  return value;
}

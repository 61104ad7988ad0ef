/** The data types and users that a subscriber is notified about. */
export interface SubscriberConfig {
  /** In kebab case, such as `steps`. */
  readonly dataTypes: readonly string[];
  /** `AUTOMATIC`: every user who granted access; `MANUAL`: users with a subscription. */
  readonly subscriptionCreatePolicy: 'AUTOMATIC' | 'MANUAL';
}

/** A subscription of a subscriber to one user's data. */
export interface Subscription {
  readonly id: string;
  readonly healthUserID: string;
  readonly dataTypes: readonly string[];
}

/** An app's webhook as Google knows it. */
export interface Subscriber {
  readonly id: string;
  readonly endpointUri: string;
  /** The whole `Authorization` header. */
  readonly secret: string;
  readonly configs: readonly SubscriberConfig[];
  readonly subscriptions: ReadonlyMap<string, Subscription>;
}

/** Why a subscriber is notified about a user's data: a policy or a subscription's name; undefined if it is not. */
export function subscriptionFor(
  subscriber: Subscriber,
  healthUserID: string,
  dataType: string,
): { readonly name: string | undefined } | undefined {
  const policies = subscriber.configs
    .filter(({ dataTypes }) => dataTypes.includes(dataType))
    .map(({ subscriptionCreatePolicy }) => subscriptionCreatePolicy);
  if (policies.includes('AUTOMATIC')) return { name: undefined };
  if (!policies.includes('MANUAL')) return undefined;
  const own = [...subscriber.subscriptions.values()].find(
    (one) => one.healthUserID === healthUserID && one.dataTypes.includes(dataType),
  );
  return own && { name: own.id };
}

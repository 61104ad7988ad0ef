/** What may go wrong in a run: probabilities, and times in ms. */
export interface Faults {
  /** A process dies, about once in each expiry, and is started again. */
  crash?: boolean;
  /** A process stands still for up to this long, at a moment close to a call. */
  freeze?: number;
  /** The database is away for a time from this range, from a moment close to a call. */
  outage?: readonly [from: number, to: number];
  /** An operation of the store is lost on its way, or its answer is. */
  storeLoss?: number;
  /** An operation of the store arrives up to a minute late. */
  storeLate?: number;
  /** A request to the provider is lost on its way, or its answer is. */
  answerLoss?: number;
  /** The provider fails (5xx), before or after it has used up the token. */
  providerFailure?: number;
  /** A request that repeats another one is refused, although the consent lives. */
  refusedRepetition?: number;
  /** `refresh` takes up to this long and ignores its signal. */
  slowRefresh?: number;
  /** `refresh` does not call `beforeSend`. */
  neverAsks?: boolean;
  /** How far the clocks of the processes are apart at most. */
  drift?: number;
  /** Users sign in again, with and without a refresh token, and are removed with their consent. */
  logins?: boolean;
  /** Users are removed, sign in, and are removed again when the login has ended, well or badly. */
  removals?: boolean;
  /** Users withdraw their consent at the provider. */
  withdrawals?: boolean;
}

/**
 * The classes, each within what can be saved: an answer that is lost is asked for again within the two minutes, as a
 * process is up and the database can be reached then.
 */
export const FAULTS = {
  none: {},
  crash: { crash: true },
  freeze: { freeze: 400_000 },
  outage: { outage: [125_000, 400_000] },
  storeLoss: { storeLoss: 0.05 },
  storeLate: { storeLate: 0.1, storeLoss: 0.02 },
  answerLoss: { answerLoss: 0.25 },
  providerFailure: { providerFailure: 0.3, answerLoss: 0.05 },
  refusedRepetition: { answerLoss: 0.3, refusedRepetition: 0.5 },
  slowRefresh: { slowRefresh: 70_000 },
  drift: { drift: 5_000, crash: true },
  logins: { logins: true, crash: true },
  removals: { removals: true, storeLate: 0.3, storeLoss: 0.1 },
  withdrawals: { withdrawals: true, storeLoss: 0.03 },
  mixed: {
    crash: true,
    freeze: 20_000,
    outage: [1_000, 30_000],
    storeLoss: 0.02,
    storeLate: 0.02,
    answerLoss: 0.1,
    providerFailure: 0.1,
    drift: 2_000,
  },
} as const satisfies Record<string, Faults>;

export type FaultClass = keyof typeof FAULTS;

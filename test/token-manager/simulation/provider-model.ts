import { OAuthError, ResponseError, TransportError } from 'passport-fitbit-strategy';
import type { ProviderCallOptions, TokenInput } from 'passport-fitbit-strategy/token-manager';
import type { Faults } from './faults.ts';
import type { Process, World } from './world.ts';

export const LIFETIME = 3_600_000; // ms; of an access token

// As `refresh` of the package does it.
const REQUEST_TIMEOUT = 10_000; // ms
const MAX_TRIES = 3;
const FIRST_PAUSE = 250; // ms
const LAST_TRY = 100_000; // ms after the first one

const CONNECTION_TIME = 100; // ms

// How many exchanges in a row may fail before the loss of a consent is bad luck: two minutes allow for a few tries only.
const MAX_FAILED = 4;

/** The tokens that come from one login. */
interface Family {
  user: string;
  alive: boolean;
  generation: number;
  /** When the access token of each generation expires, ms since the epoch. */
  expiries: number[];
  /** When the last refresh token was used up. */
  usedAt: number;
  /** Exchanges in a row that the network or the provider has failed. */
  failed: number;
  /** Whether it died after so many of them that nothing could have saved it. */
  hopeless: boolean;
}

/** A token endpoint: single-use tokens, a time in which an answer is repeated, families that die when a token is used again. */
export class ProviderModel {
  readonly #families: Family[] = [];
  readonly #world: World;
  readonly #faults: () => Faults;
  readonly #window: number;
  /** Refreshes, identical requests that were answered again, and tokens that were used too late. */
  readonly counts = { refreshes: 0, repeats: 0, reuses: 0 };

  /** @param window how long an answer is repeated, ms */
  constructor(world: World, faults: () => Faults, window: number) {
    this.#world = world;
    this.#faults = faults;
    this.#window = window;
  }

  /** Gives a consent; the tokens of the login. */
  login(user: string, lifetime: number): TokenInput & { refreshToken: string } {
    const { now } = this.#world;
    const family = {
      user,
      alive: true,
      generation: 0,
      expiries: [now + lifetime],
      usedAt: 0,
      failed: 0,
      hopeless: false,
    };
    const id = this.#families.push(family) - 1;
    return tokens(user, id, 0, lifetime);
  }

  /** Whether an access token works, with some tolerance for clocks, ms; and whose it is. */
  accessToken(token: string, tolerance: number): { user: string; works: boolean } {
    const { family, generation } = this.#find(token);
    const expiry = family.expiries[generation] ?? 0;
    return { user: family.user, works: family.alive && expiry + tolerance > this.#world.now };
  }

  /** Whether a refresh token is the newest one of a consent that lives. */
  isCurrent(refreshToken: string): boolean {
    const { family, generation } = this.#find(refreshToken);
    return family.alive && family.generation === generation;
  }

  /** Whether the consent that a token comes from lives. */
  lives(token: string): boolean {
    return this.#find(token).family.alive;
  }

  /** Whether a consent of the user is lost and nothing could have saved it. */
  isHopeless(user: string): boolean {
    return this.#families.some((family) => family.user === user && family.hopeless);
  }

  revoke(token: string): void {
    const { family, generation } = this.#find(token);
    // A refresh token that was used up revokes nothing.
    if (generation === family.generation) family.alive = false;
  }

  /** The user withdraws all consents. */
  withdraw(user: string): void {
    for (const family of this.#families) if (family.user === user) family.alive = false;
  }

  /** The `refresh` of a process. */
  refresher(process: Process) {
    return async (token: string, { signal, beforeSend }: ProviderCallOptions): Promise<TokenInput> => {
      const { slowRefresh } = this.#faults();
      if (slowRefresh !== undefined) await pause(process, this.#world.between(0, slowRefresh));
      const start = process.now();
      let earlier: OAuthError | undefined;
      for (let tries = 1; ; tries += 1) {
        try {
          return await this.#request(process, token, tries > 1, beforeSend);
        } catch (error) {
          if (!(error instanceof OAuthError)) throw error;
          if (earlier !== undefined && error.cause === undefined) {
            Object.defineProperty(error, 'cause', { value: earlier });
          }
          if (tries === MAX_TRIES || !error.retryable || signal.aborted) throw error;
          earlier = error;
          await pause(process, FIRST_PAUSE * 2 ** (tries - 1));
          if (process.now() - start > LAST_TRY || signal.aborted) throw error;
        }
      }
    };
  }

  #request(
    process: Process,
    token: string,
    again: boolean,
    beforeSend: () => void = () => {},
  ): Promise<TokenInput> {
    const world = this.#world;
    return new Promise((resolve, reject) => {
      let settled = false;
      process.timers.setTimeout(() => {
        settled = true;
        const message = 'No answer';
        reject(new TransportError(message, { code: 'timeout', operation: 'refresh' }));
      }, REQUEST_TIMEOUT);
      const send = () => {
        if (settled) return;
        try {
          if (!this.#faults().neverAsks) beforeSend();
        } catch (error) {
          world.tell(process.name, `does not send ${token}`);
          reject(error);
          return;
        }
        this.#send(process, token, again, (answer) => {
          if (answer instanceof Error) reject(answer);
          else resolve({ ...answer, expiresAt: new Date(Date.now() + LIFETIME) });
        });
      };
      // A connection is set up: the process may be frozen meanwhile.
      world.after(world.between(0, CONNECTION_TIME), () => process.deliver(send));
    });
  }

  #send(
    process: Process,
    token: string,
    again: boolean,
    onAnswer: (answer: TokenInput | Error) => void,
  ): void {
    const world = this.#world;
    const faults = this.#faults();
    const lost = world.chance(faults.answerLoss ?? 0) ? world.pick(['request', 'answer']) : 'nothing';
    const failing = world.chance(faults.providerFailure ?? 0) ? world.pick(['before', 'after']) : 'never';
    const refused = again && world.chance(faults.refusedRepetition ?? 0);
    world.tell(process.name, `asks with ${token}${lost === 'nothing' ? '' : ` (${lost} lost)`}`);
    const { family } = this.#find(token);
    if (lost !== 'nothing' || failing !== 'never') family.failed += 1;
    if (lost === 'request') return;
    world.after(world.between(1, 100), () => {
      let answer: TokenInput | Error;
      if (failing === 'before') answer = failure(503);
      else if (refused) answer = failure(world.pick([400, 401, 403, 404]));
      else answer = this.#refresh(token);
      if (failing === 'after') answer = failure(504);
      world.tell(
        'provider',
        `answers ${token}: ${answer instanceof Error ? answer.message : answer.accessToken}`,
      );
      if (lost === 'answer') return;
      world.after(world.between(1, 100), () =>
        process.deliver(() => {
          if (!(answer instanceof Error)) family.failed = 0;
          onAnswer(answer);
        }),
      );
    });
  }

  #refresh(token: string): TokenInput | Error {
    const { id, family, generation } = this.#find(token);
    const { now } = this.#world;
    if (!family.alive) return failure(400, 'invalid_grant');
    if (generation === family.generation) {
      this.counts.refreshes += 1;
      family.generation += 1;
      family.expiries.push(now + LIFETIME);
      family.usedAt = now;
    } else if (generation === family.generation - 1 && now - family.usedAt < this.#window) {
      this.counts.repeats += 1;
    } else {
      this.counts.reuses += 1;
      family.alive = false;
      family.hopeless = family.failed >= MAX_FAILED;
      return failure(400, 'invalid_grant');
    }
    return tokens(family.user, id, family.generation, LIFETIME);
  }

  #find(token: string): { id: number; family: Family; generation: number } {
    const [, id, generation] = token.split('.');
    const family = this.#families[Number(id)];
    if (family === undefined) throw new Error(`Nobody gave out ${token}`);
    return { id: Number(id), family, generation: Number(generation) };
  }
}

function tokens(user: string, family: number, generation: number, lifetime: number) {
  const name = `${user}.${family}.${generation}`;
  const expiresAt = new Date(Date.now() + lifetime);
  return { accessToken: `a-${name}`, refreshToken: `r-${name}`, expiresAt };
}

function failure(status: number, code = `status_${status}`): ResponseError {
  return new ResponseError(`${status} ${code}`, {
    code,
    httpStatus: status,
    operation: 'refresh',
    retryable: status >= 500,
    reauthorize: code === 'invalid_grant',
    errors: [],
  });
}

function pause(process: Process, ms: number): Promise<void> {
  return new Promise((resolve) => {
    process.timers.setTimeout(resolve, ms);
  });
}

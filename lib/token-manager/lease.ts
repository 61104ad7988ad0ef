import type { Settings } from './options.ts';
import type { Entry, RecordCodec } from './record.ts';

/** How long a claim holds without being renewed, ms. */
export const LEASE_TIME = 10_000;

const RENEW_AFTER = 3_000; // ms

/** A process's claim to refresh a user's tokens. It is the note in the record, and it ends on its own. */
export class Lease {
  readonly #settings: Settings;
  readonly #codec: RecordCodec;
  readonly #userID: string;
  #entry: Entry;
  #confirmedAt: number;
  #timer: unknown;
  #active = false;

  /**
   * @param claim the entry that was written
   * @param confirmedAt when writing it began, ms since the epoch
   */
  constructor(settings: Settings, codec: RecordCodec, userID: string, claim: Entry, confirmedAt: number) {
    this.#settings = settings;
    this.#codec = codec;
    this.#userID = userID;
    this.#entry = claim;
    this.#confirmedAt = confirmedAt;
  }

  /** The version of the record, if nobody else has written it. */
  get version(): string {
    return this.#entry.record.version;
  }

  /** When the claim was certainly stored, ms since the epoch. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** Whether it is being renewed, and no other process is known to have taken it over. */
  get active(): boolean {
    return this.#active;
  }

  startRenewing(): void {
    this.#active = true;
    this.#schedule();
  }

  stopRenewing(): void {
    this.#active = false;
    this.#settings.timers.clearTimeout(this.#timer);
  }

  /** Extends the claim; resolves with `false` if it is lost. */
  async renew(): Promise<boolean> {
    const start = this.#settings.now();
    if (!(await this.#write(start + LEASE_TIME))) {
      this.#active = false;
      return false;
    }
    this.#confirmedAt = start;
    return true;
  }

  /** Lets others go on at once. The note stays: the token may have been used up. */
  async release(): Promise<void> {
    await this.#write(Math.min(this.#settings.now(), this.#entry.record.refresh?.until ?? 0));
  }

  /** Removes the note: the token was certainly not used up. */
  async withdraw(): Promise<void> {
    const { record } = this.#codec.encode(this.#userID, this.#entry);
    await this.#settings.store.replace(this.#userID, this.version, record);
  }

  async #write(until: number): Promise<boolean> {
    const { refresh } = this.#entry.record;
    if (refresh === undefined) return false;
    const next = this.#codec.encode(this.#userID, this.#entry, { refresh: { ...refresh, until } });
    if (!(await this.#settings.store.replace(this.#userID, this.version, next.record))) return false;
    this.#entry = next;
    return true;
  }

  #schedule(): void {
    this.#timer = this.#settings.timers.setTimeout(() => {
      // A renewal that fails is no reason to give up: the provider's answer is worth more than the lease.
      this.renew().then(
        (held) => {
          if (held && this.#active) this.#schedule();
        },
        () => {
          if (this.#active) this.#schedule();
        },
      );
    }, RENEW_AFTER);
  }
}

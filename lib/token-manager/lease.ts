import type { Settings } from './options.ts';
import type { Entry, RecordCodec } from './record.ts';

/** How long a lease is valid without a renewal, ms. */
export const LEASE_TIME = 10_000;

const RENEW_AFTER = 3_000; // ms

/** A process's lease to refresh a user's tokens: the note in the record. It expires unless it is renewed. */
export class Lease {
  readonly #settings: Settings;
  readonly #codec: RecordCodec;
  readonly #userID: string;
  #entry: Entry;
  #confirmedAt: number;
  #timer: unknown;
  #active = false;

  /**
   * @param claim the entry that was written with the note
   * @param confirmedAt when the write began, ms since the epoch
   */
  constructor(settings: Settings, codec: RecordCodec, userID: string, claim: Entry, confirmedAt: number) {
    this.#settings = settings;
    this.#codec = codec;
    this.#userID = userID;
    this.#entry = claim;
    this.#confirmedAt = confirmedAt;
  }

  /** The version of the record, unless another process has replaced it. */
  get version(): string {
    return this.#entry.record.version;
  }

  /** When the last successful write of the lease began, ms since the epoch. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** Whether the lease is being renewed and no renewal has found that another process has taken over. */
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

  /** Extends the lease; resolves with `false` if it is lost. */
  async renew(): Promise<boolean> {
    const start = this.#settings.now();
    if (!(await this.#write(start + LEASE_TIME))) {
      this.#active = false;
      return false;
    }
    this.#confirmedAt = start;
    return true;
  }

  /** Ends the lease, so that other processes can continue. The note stays: the token may have been used up. */
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
      // The refresh continues after a failed renewal: the provider's response is worth more than the lease.
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

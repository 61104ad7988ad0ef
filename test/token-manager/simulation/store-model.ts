import { MemoryTokenStore, type TokenStore } from 'passport-fitbit-strategy/token-manager';
import type { Faults } from './faults.ts';
import type { Process, World } from './world.ts';

/** How a database fails: PostgreSQL refuses connections, the client of Redis keeps commands, SQLite is locked. */
export type Kind = 'postgres' | 'redis' | 'sqlite';

export const KINDS: readonly Kind[] = ['postgres', 'redis', 'sqlite'];

const BUSY_TIMEOUT = 5_000; // ms
const LATE = 60_000; // ms

/** A database that all processes share. Operations are atomic; what happens on the way to it and back is the model's. */
export class StoreModel {
  readonly kind: Kind;
  /** What is stored, without any fault. */
  readonly database = new MemoryTokenStore();
  readonly #world: World;
  readonly #faults: () => Faults;
  #awayUntil = 0;

  constructor(world: World, kind: Kind, faults: () => Faults) {
    this.#world = world;
    this.kind = kind;
    this.#faults = faults;
  }

  goAway(ms: number): void {
    this.#world.tell(this.kind, `is away for ${ms} ms`);
    this.#awayUntil = Math.max(this.#awayUntil, this.#world.now + ms);
  }

  /** The store of a process. */
  client(process: Process): TokenStore {
    const { database } = this;
    return {
      read: (id) => this.#call(process, `read ${id}`, () => database.read(id)),
      insert: (id, record) => this.#call(process, `insert ${id}`, () => database.insert(id, record)),
      replace: (id, version, record) => {
        const { refresh, reauthorize } = record;
        const kind = reauthorize ?? (refresh ? 'lease' : 'tokens');
        return this.#call(process, `replace ${id} by ${kind}`, () => database.replace(id, version, record));
      },
      delete: (id, version) => this.#call(process, `delete ${id}`, () => database.delete(id, version)),
      listUnfinished: (before, limit, after) =>
        this.#call(process, 'list', () => database.listUnfinished(before, limit, after)),
    };
  }

  #call<T>(process: Process, what: string, run: () => Promise<T>): Promise<T> {
    const world = this.#world;
    const { storeLoss = 0, storeLate = 0 } = this.#faults();
    const remote = this.kind !== 'sqlite';
    const latency = () => (remote ? world.between(1, 20) : 0);
    return new Promise((resolve, reject) => {
      const settle = (delay: number, run: () => void) => world.after(delay, () => process.deliver(run));
      const fail = (message: string) => {
        world.tell(process.name, `${what}: ${message}`);
        settle(latency(), () => reject(new Error(message)));
      };
      const arrive = () => {
        const away = this.#awayUntil - world.now;
        if (away > 0) {
          // The client of Redis sends its commands when it is connected again, be they awaited or not.
          if (this.kind === 'redis') world.after(away + latency(), arrive);
          else if (this.kind === 'sqlite')
            settle(Math.min(away, BUSY_TIMEOUT), () =>
              away > BUSY_TIMEOUT ? fail('database is locked') : arrive(),
            );
          else if (world.chance(0.7)) fail('connection refused');
          return;
        }
        run().then((value) => {
          world.tell(process.name, `${what}: ${typeof value === 'object' ? 'done' : value}`);
          if (!world.chance(storeLoss / 2)) settle(latency(), () => resolve(value));
          else if (world.chance(0.5)) settle(latency(), () => reject(new Error('connection reset')));
        }, reject);
      };
      if (!remote) arrive();
      else if (world.chance(storeLoss / 2)) fail('connection reset');
      else if (world.chance(storeLate)) world.after(world.between(0, LATE), arrive);
      else world.after(latency(), arrive);
    });
  }
}

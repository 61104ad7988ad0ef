import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { buildWorker, type Program } from './build.ts';
import { SharedClock } from './clock.ts';
import { type Connected, connect, type Database } from './databases.ts';
import { Provider } from './provider.ts';
import { Worker } from './workers.ts';

const HOUR = 3_600_000;

/** An app of several processes with a database and a provider. The test sets the clock of its processes. */
export class App {
  readonly provider: Provider;
  readonly database: Database;
  /** The test's own connection to the database. */
  readonly own: Connected;
  readonly clock: SharedClock;
  /** Reads and saves tokens, and refreshes none. */
  readonly reader: TokenManager;
  readonly #program: Program;
  readonly #workers: Worker[] = [];

  private constructor(program: Program, database: Database, own: Connected, provider: Provider) {
    this.#program = program;
    this.database = database;
    this.own = own;
    this.provider = provider;
    this.clock = new SharedClock(`${program.path}.clock`);
    this.clock.advance(0);
    this.reader = new TokenManager({
      store: own.store,
      refresh: () => Promise.reject(new Error('The test does not refresh')),
      now: () => this.clock.now(),
    });
  }

  static async start(startDatabase: () => Promise<Database>): Promise<App> {
    const database = await startDatabase();
    const own = await connect(database);
    const provider = new Provider();
    await provider.start();
    return new App(await buildWorker(), database, own, provider);
  }

  /** Starts a process. */
  startWorker(name: string): Worker {
    const { kind, url } = this.database;
    const worker = new Worker(this.#program.path, {
      name,
      database: { kind, url },
      providerURL: this.provider.url,
      clockPath: this.clock.path,
    });
    this.#workers.push(worker);
    return worker;
  }

  /** Starts processes, and waits until they are ready. */
  async startWorkers(names: readonly string[]): Promise<Worker[]> {
    const workers = names.map((name) => this.startWorker(name));
    await Promise.all(workers.map((worker) => worker.ready()));
    return workers;
  }

  /** Saves the tokens of logins; returns the users' ids. */
  async logIn(count: number): Promise<string[]> {
    const users = Array.from({ length: count }, (_, i) => `user${i}`);
    for (const userID of users) {
      const expiresAt = new Date(Date.now() + HOUR);
      await this.reader.save(userID, { ...this.provider.grant(userID), expiresAt });
    }
    return users;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.own.close();
    await this.provider.stop();
    await this.database.destroy();
    this.#program.delete();
  }
}

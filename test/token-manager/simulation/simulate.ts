import { OAuthError } from 'passport-fitbit-strategy';
import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import type { Faults } from './faults.ts';
import { LIFETIME, ProviderModel } from './provider-model.ts';
import { KINDS, StoreModel } from './store-model.ts';
import { Process, World } from './world.ts';

const SECRET = 'a secret of the simulation, 32 chars';
const PROCESSES = 3;
const EXPIRIES = 2;
const ACTIVE = 480_000; // ms after each expiry in which things happen
const RECOVER_EVERY = 30_000; // ms
const SLOWEST_CALL = 150_000; // ms; the refreshTimeout and a few times the storeTimeout

/** What came of a run. */
export interface Outcome {
  /** What must not happen, but did. */
  violations: string[];
  counts: {
    calls: number;
    errors: number;
    refreshes: number;
    repeats: number;
    reuses: number;
    hopeless: number;
  };
  trace: string[] | undefined;
}

/** How a run is made. */
export interface RunOptions {
  /** How long the provider repeats its answers, ms; two minutes if it isn't given. */
  window?: number | undefined;
  /** Whether to tell what happens. */
  trace?: boolean | undefined;
}

/** Runs managers in several processes on one database, in virtual time. The seed decides everything. */
export async function simulate(seed: number, faults: Faults, options: RunOptions = {}): Promise<Outcome> {
  const { random } = Math;
  const { now } = Date;
  const world = new World(seed, options.trace ?? false);
  Math.random = () => world.random();
  Date.now = () => world.now;
  try {
    return await new Run(world, faults, options.window ?? 120_000).run();
  } finally {
    Math.random = random;
    Date.now = now;
  }
}

interface App {
  process: Process;
  manager: TokenManager;
}

/** What is known of a user. */
interface User {
  id: string;
  /** The newest login's tokens, from before `save` to `remove`. */
  signedIn: boolean;
  /** Whether the user, the app or the test ended the consent. */
  ended: boolean;
  told: number;
  /** How many logins there were, and how many of them are being saved. */
  logins: number;
  saving: number;
  /** Whether `remove` was called after all logins had been saved, or had failed to, and has resolved. */
  removed: boolean;
}

class Run {
  readonly #world: World;
  readonly #provider: ProviderModel;
  readonly #store: StoreModel;
  readonly #planned: Faults;
  readonly #apps: App[] = [];
  readonly #users: User[];
  readonly #violations: string[] = [];
  readonly #counts = { calls: 0, errors: 0, hopeless: 0 };
  #faults: Faults = {};
  #started = 0;

  constructor(world: World, faults: Faults, window: number) {
    this.#world = world;
    this.#planned = faults;
    const current = () => this.#faults;
    this.#provider = new ProviderModel(world, current, window);
    this.#store = new StoreModel(world, world.pick(KINDS), current);
    this.#users = ['ann', 'bob'].map((id) => ({
      ...{ id, signedIn: true, ended: false, told: 0 },
      ...{ logins: 1, saving: 0, removed: false },
    }));
  }

  async run(): Promise<Outcome> {
    const world = this.#world;
    for (let i = 0; i < PROCESSES; i += 1) this.#start();
    const [first] = this.#apps;
    for (const { id } of this.#users) void first?.manager.save(id, this.#provider.login(id, LIFETIME));
    await world.runUntil(world.now + 1_000);
    for (let expiry = 0; expiry < EXPIRIES; expiry += 1) {
      await world.runUntil(world.now + LIFETIME);
      this.#faults = this.#planned;
      this.#plan(world.now);
      await world.runUntil(world.now + ACTIVE);
      // What has begun comes to an end; the faults do first.
      this.#faults = {};
      for (let i = 0; i < 20; i += 1) {
        await world.runUntil(world.now + RECOVER_EVERY);
        this.#recover(this.#app());
      }
    }
    await world.runUntil(world.now + LIFETIME);
    await this.#checkEnd();
    return {
      violations: this.#violations,
      counts: { ...this.#counts, ...this.#provider.counts },
      trace: world.trace,
    };
  }

  #start(): App {
    const world = this.#world;
    const { drift = 0 } = this.#planned;
    this.#started += 1;
    const process = new Process(world, `p${this.#started}`, world.between(-drift, drift));
    const manager = new TokenManager({
      store: this.#store.client(process),
      refresh: this.#provider.refresher(process),
      seal: SECRET,
      now: () => process.now(),
      timers: process.timers,
      onReauthorize: ({ userID }) => this.#onReauthorize(userID),
    });
    const app = { process, manager };
    this.#apps.push(app);
    return app;
  }

  /** Decides what happens after an expiry, and when. */
  #plan(from: number): void {
    const world = this.#world;
    const at = (time: number, run: () => void) => world.after(time - world.now, run);
    const moments: number[] = [];
    for (const user of this.#users) {
      for (let i = 0; i < 8; i += 1) {
        const moment = from + (i < 4 ? world.between(0, 2_000) : world.between(0, ACTIVE));
        moments.push(moment);
        at(moment, () => this.#call(this.#app(), user));
      }
    }
    for (let time = world.between(0, RECOVER_EVERY); time < ACTIVE; time += RECOVER_EVERY) {
      at(from + time, () => {
        for (const app of this.#apps) this.#recover(app);
      });
    }
    // Most of it while the first refresh is under way.
    const soon = () =>
      (world.chance(0.7) ? Math.min(...moments) : world.pick(moments)) + world.between(0, 400);
    const { crash, freeze, outage, logins, removals, withdrawals } = this.#planned;
    if (crash) {
      for (let i = 0; i < 2; i += 1) at(soon(), () => this.#crash());
    }
    if (freeze !== undefined) {
      for (let i = 0; i < 2; i += 1)
        at(soon(), () => this.#app().process.freeze(world.between(1_000, freeze)));
    }
    if (outage !== undefined) at(soon(), () => this.#store.goAway(world.between(...outage)));
    if (logins) {
      at(soon(), () => this.#login(world.pick(this.#users)));
      at(soon(), () => this.#remove(world.pick(this.#users)));
    }
    if (removals) {
      const user = world.pick(this.#users);
      const moment = soon();
      at(moment, () => this.#remove(user));
      at(moment + world.between(0, 2_000), () => this.#login(user));
      at(moment + world.between(10_000, 60_000), () => this.#remove(user));
    }
    if (withdrawals && world.chance(0.5)) {
      const user = world.pick(this.#users);
      at(soon(), () => {
        world.tell(user.id, 'withdraws the consent');
        user.ended = true;
        this.#provider.withdraw(user.id);
      });
    }
  }

  /** A process that is up. */
  #app(): App {
    return this.#world.pick(this.#apps);
  }

  #crash(): void {
    const app = this.#app();
    app.process.crash();
    this.#apps.splice(this.#apps.indexOf(app), 1);
    this.#world.after(this.#world.between(100, 20_000), () => this.#start());
    if (this.#apps.length === 0) this.#start();
  }

  #recover({ process, manager }: App): void {
    process.deliver(() => {
      manager.recover().catch((error: unknown) => this.#checkError('recover', error));
    });
  }

  #call({ process, manager }: App, user: User): void {
    process.deliver(() => {
      this.#counts.calls += 1;
      const { id } = user;
      this.#watch(process, `accessToken(${id})`, manager.accessToken(id), (token) => {
        const { drift = 0 } = this.#planned;
        const { user: owner, works } = this.#provider.accessToken(token, 2 * drift); // Two clocks are involved.
        if (owner !== id) this.#violate(`${id} got the token of ${owner}`);
        if (!works && !user.ended && user.signedIn) this.#violate(`${id} got ${token}, which does not work`);
      });
    });
  }

  #login(user: User): void {
    const { process, manager } = this.#app();
    process.deliver(() => {
      const given = this.#provider.login(user.id, LIFETIME);
      this.#world.tell(process.name, `saves a login of ${user.id}: ${given.refreshToken}`);
      user.signedIn = true;
      user.removed = false;
      user.logins += 1;
      user.saving += 1;
      const saved = manager.save(user.id, given).finally(() => {
        user.saving -= 1;
      });
      this.#watch(process, `save(${user.id})`, saved);
    });
  }

  #remove(user: User): void {
    const { process, manager } = this.#app();
    process.deliver(() => {
      this.#world.tell(process.name, `removes ${user.id}`);
      // A call of the same moment may still get the old token.
      user.ended = true;
      const revoke = async (token: string) => this.#provider.revoke(token);
      const { logins, saving } = user;
      this.#watch(process, `remove(${user.id})`, manager.remove(user.id, { revoke }), () => {
        user.removed = saving === 0 && logins === user.logins;
      });
    });
  }

  /** Follows a call to its end, which must come in time. */
  #watch<T>(process: Process, what: string, call: Promise<T>, check: (value: T) => void = () => {}): void {
    const world = this.#world;
    const frozen = process.frozen;
    let settled = false;
    const start = world.now;
    call.then(
      (value) => {
        settled = true;
        world.tell(process.name, `${what}: ${typeof value === 'string' ? value : 'done'}`);
        check(value);
      },
      (error: unknown) => {
        settled = true;
        this.#counts.errors += 1;
        world.tell(process.name, `${what}: ${error instanceof OAuthError ? error.code : error}`);
        this.#checkError(what, error);
      },
    );
    const look = () => {
      if (settled || !process.alive) return;
      const late = world.now - start - (process.frozen - frozen);
      if (late < SLOWEST_CALL || process.frozenUntil > world.now) world.after(SLOWEST_CALL, look);
      else this.#violate(`${what} has no end`);
    };
    world.after(SLOWEST_CALL, look);
  }

  #checkError(what: string, error: unknown): void {
    if (!(error instanceof OAuthError)) this.#violate(`${what} rejected with ${error}`);
    else if (Object.keys(this.#planned).length === 0) this.#violate(`${what} rejected with ${error.code}`);
  }

  #onReauthorize(id: string): void {
    const user = this.#users.find((each) => each.id === id);
    if (user === undefined) return;
    user.told += 1;
    this.#world.tell(id, 'has to sign in again');
    if (this.#provider.isHopeless(id)) return;
    if (!user.ended) this.#violate(`${id} was told to sign in again, although the consent lives`);
    // Where users sign in again, each consent may end.
    else if (user.told > user.logins) this.#violate(`${id} was told to sign in again twice`);
  }

  /** When all is over, every consent that nobody has ended must be alive, and usable; nobody who was removed is back. */
  async #checkEnd(): Promise<void> {
    const world = this.#world;
    for (const user of this.#users) {
      if (user.ended && !user.removed) continue;
      let token: unknown;
      const { manager } = this.#app();
      manager.accessToken(user.id).then(
        (value) => {
          token = value;
        },
        (error: unknown) => {
          token = error instanceof OAuthError ? error.code : String(error);
        },
      );
      await world.runUntil(world.now + 120_000);
      if (user.removed) {
        if (token !== 'no_tokens') this.#violate(`${user.id} was removed, and is back: ${token}`);
        continue;
      }
      const works = typeof token === 'string' && token.startsWith('a-') && this.#provider.lives(token);
      if (works) continue;
      if (this.#provider.isHopeless(user.id)) this.#counts.hopeless += 1;
      else this.#violate(`the consent of ${user.id} is lost: ${token}`);
    }
    const { refreshes, repeats } = this.#provider.counts;
    const clean = Object.keys(this.#planned).length === 0;
    if (clean && repeats > 0)
      this.#violate(`${repeats} of ${refreshes} requests were made twice without a fault`);
  }

  #violate(what: string): void {
    this.#world.tell('!', what);
    this.#violations.push(what);
  }
}

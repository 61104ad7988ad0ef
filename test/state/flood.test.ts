import { once } from 'node:events';
import { connect } from 'node:net';
import { MemoryStore, type SessionData } from 'express-session';
import { describe, expect, it, vi } from 'vitest';
import type { BaseStrategy } from '../../lib/login/strategy.ts';
import { startSessionApp } from '../support/session-app.ts';
import { stubbedStrategy } from '../support/stub.ts';

const CALLBACKS = 1500;
// What a queue of all callbacks would need: two calls of the store for each of them.
const STORE_DELAY = 50; // ms
const QUEUE = 2 * STORE_DELAY * CALLBACKS; // 150 s
const SOON = 15_000; // a tenth of it, generous for a busy machine

/** A session store as far away as a database in another city. */
class DistantStore extends MemoryStore {
  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    setTimeout(() => super.get(sid, callback), STORE_DELAY);
  }
  override set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    setTimeout(() => super.set(sid, data, callback), STORE_DELAY);
  }
}

/** Counts the logins of a strategy that have begun or come back, and those without an outcome yet. */
function countLogins(strategy: BaseStrategy) {
  const count = { all: 0, held: 0 };
  const authenticate = strategy.authenticate;
  strategy.authenticate = function (this: BaseStrategy, req, options) {
    count.all += 1;
    count.held += 1;
    for (const name of ['success', 'fail', 'redirect', 'error'] as const) {
      const outcome: (...args: never[]) => unknown = this[name];
      Reflect.set(this, name, (...args: never[]) => {
        count.held -= 1;
        return Reflect.apply(outcome, this, args);
      });
    }
    authenticate.call(this, req, options);
  };
  return count;
}

describe.each([
  ['with made-up states', (index: number) => `made-up-${index}`],
  ['with the state of one pending login', (_index: number, state: string) => state],
])('1 500 pipelined callbacks of one session %s, whose clients have gone', (_, stateOf) => {
  it('are not held, and do not delay the next login', { timeout: 4 * SOON }, async () => {
    const { strategy, exchanges } = stubbedStrategy();
    const count = countLogins(strategy);
    const app = await startSessionApp([strategy], { store: new DistantStore(), signsIn: false });
    const { state } = await app.visit('/login/fitbit');
    count.all = 0;

    const { hostname, port } = new URL(app.origin);
    for (let client = 0; client < 15; client += 1) {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const requests = Array.from({ length: CALLBACKS / 15 }, (_unused, index) => {
        const path = `/callback/fitbit?code=abc&state=${stateOf(client * 100 + index, state)}`;
        return `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nCookie: ${app.cookie}\r\n\r\n`;
      });
      socket.write(requests.join(''), () => socket.destroy());
    }
    await vi.waitFor(() => expect(count.all).toBeGreaterThan(CALLBACKS / 2), { timeout: SOON, interval: 20 });
    await vi.waitFor(() => expect(count.held).toBe(0), { timeout: SOON, interval: 20 });

    const next = vi.fn();
    app.visit('/login/fitbit').then(next);
    await vi.waitFor(() => expect(next).toHaveBeenCalled(), { timeout: SOON, interval: 20 });
    expect(next.mock.calls).toMatchObject([[{ status: 302 }]]);
    expect(exchanges.length).toBeLessThanOrEqual(1);
    expect(SOON).toBeLessThan(QUEUE);
  });
});

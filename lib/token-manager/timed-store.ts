import type { Timers } from './clock.ts';
import { storeFailed } from './errors.ts';
import type { TokenStore } from './store.ts';

/**
 * A store that reports every failure as an `OAuthError`, code `store_failed`, and whose operations have a time limit: a
 * driver may hold a command until its database is reachable again.
 *
 * @param timeout of each operation, ms
 */
export function timedStore(store: TokenStore, timeout: number, timers: Timers): TokenStore {
  const late = () => storeFailed(new Error(`The store did not respond within ${timeout} ms`));
  const timed = <T>(work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = timers.setTimeout(() => reject(late()), timeout);
      const fail = (error: unknown) => {
        timers.clearTimeout(timer);
        reject(storeFailed(error));
      };
      try {
        work().then((value) => {
          timers.clearTimeout(timer);
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error); // It threw before it returned a promise.
      }
    });
  return {
    read: (userID) => timed(() => store.read(userID)),
    insert: (userID, record) => timed(() => store.insert(userID, record)),
    replace: (userID, version, record) => timed(() => store.replace(userID, version, record)),
    delete: (userID, version) => timed(() => store.delete(userID, version)),
    listUnfinished: (before, limit, after) => timed(() => store.listUnfinished(before, limit, after)),
  };
}

import { within } from './deadline.ts';
import { storeError } from './errors.ts';
import type { TokenStore } from './store.ts';

/**
 * A store that reports every failure as an `OAuthError`, code `store`, and is not waited for for ever: a driver may
 * keep a command until its database is back. The wait for a lock is for the store to limit.
 *
 * @param timeout of one read or write, ms
 */
export function timedStore(store: TokenStore, timeout: number): TokenStore {
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await within(work(), timeout, 'The store did not answer');
    } catch (error) {
      throw storeError(error);
    }
  };
  return {
    get: (userID) => timed(() => store.get(userID)),
    set: (userID, record) => timed(() => store.set(userID, record)),
    replace: (userID, version, record) => timed(() => store.replace(userID, version, record)),
    delete: (userID) => timed(() => store.delete(userID)),
    interrupted: (before, limit) => timed(() => store.interrupted(before, limit)),
    async lock(userID, work) {
      try {
        return await store.lock(userID, (locked) =>
          work({
            get: () => timed(() => locked.get()),
            replace: (version, record) => timed(() => locked.replace(version, record)),
            delete: () => timed(() => locked.delete()),
          }),
        );
      } catch (error) {
        throw storeError(error);
      }
    },
  };
}

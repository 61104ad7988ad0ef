import type { Recovery } from './options.ts';
import { HOLDER_TIME, windowStart } from './refresher.ts';
import type { TokenStore, Unfinished } from './store.ts';

const PAGE = 500; // users

interface RecoverInit {
  store: TokenStore;
  /**
   * Finishes a user's refresh.
   *
   * @param waited whether other processes have had time to store a response that they have in memory
   * @returns whether the user has no unfinished refresh any more
   */
  finish(userID: string, waited: boolean): Promise<boolean>;
  now(): number;
  pause(ms: number): Promise<void>;
  olderThan: number;
  concurrency: number;
  signal?: AbortSignal | undefined;
}

/**
 * Finishes all unfinished refreshes: first those whose response the provider still repeats, then the older ones, after
 * one pause for all of them.
 */
export async function recover(init: RecoverInit): Promise<Recovery> {
  const { store, now, pause, olderThan, signal } = init;
  const recovery: Recovery = { recovered: [], failed: [] };
  const attempted = new Set<string>();
  const before = now() - olderThan;
  const repeatedFrom = () => Math.ceil(windowStart(now()));
  await finishAll(init, recovery, attempted, before, { since: repeatedFrom(), userID: '' });
  // Those that have become old in the meantime are among them.
  const old = Math.min(before, repeatedFrom());
  const [first] = await store.listUnfinished(old, 1);
  if (first !== undefined && !signal?.aborted) {
    await pause(HOLDER_TIME);
    await finishAll(init, recovery, attempted, old);
  }
  return recovery;
}

/**
 * Goes through the list page by page. Each user is attempted once.
 *
 * @param after where the list begins; without it, the old refreshes are finished too
 */
async function finishAll(
  { store, finish, now, concurrency, signal }: RecoverInit,
  recovery: Recovery,
  attempted: Set<string>,
  before: number,
  after?: Unfinished,
): Promise<void> {
  const withOld = after === undefined;
  const finishOne = async ({ userID, since }: Unfinished) => {
    if (attempted.has(userID) || (!withOld && since < windowStart(now()))) return;
    attempted.add(userID);
    try {
      if (await finish(userID, withOld)) recovery.recovered.push(userID);
    } catch (error) {
      recovery.failed.push({ userID, error });
    }
  };
  for (let last = after; ; ) {
    const page = await store.listUnfinished(before, PAGE, last);
    const queue = page.values();
    const work = async () => {
      for (const unfinished of queue) {
        if (signal?.aborted) return;
        await finishOne(unfinished);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, page.length) }, work));
    last = page.at(-1);
    if (page.length < PAGE || signal?.aborted) return;
  }
}

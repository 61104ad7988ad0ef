import type { Recovery } from './options.ts';
import { HOLDER_TIME, windowStart } from './refresher.ts';
import type { TokenStore, Unfinished } from './store.ts';

const PAGE = 500; // users

interface RecoverInit {
  store: TokenStore;
  /**
   * Finishes a user's refresh.
   *
   * @param waited whether processes that may hold an answer have had time to store it
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
 * Finishes all unfinished refreshes: first those whose answer the provider still repeats, then, after one pause for all
 * of them, the older ones.
 */
export async function recover(init: RecoverInit): Promise<Recovery> {
  const { now, pause, olderThan } = init;
  const recovery: Recovery = { recovered: [], failed: [] };
  const before = now() - olderThan;
  const young = windowStart(now());
  await finishAll(init, recovery, before, false, { since: Math.ceil(young), userID: '' });
  const [old] = await init.store.listUnfinished(Math.min(before, Math.ceil(young)), 1);
  if (old !== undefined && !init.signal?.aborted) {
    await pause(HOLDER_TIME);
    await finishAll(init, recovery, Math.min(before, Math.ceil(young)), true);
  }
  return recovery;
}

/** Goes through the list page by page; a user who can't be helped is passed, not met again. */
async function finishAll(
  { store, finish, concurrency, signal }: RecoverInit,
  recovery: Recovery,
  before: number,
  waited: boolean,
  after?: Unfinished,
): Promise<void> {
  const finishOne = async (userID: string) => {
    try {
      if (await finish(userID, waited)) recovery.recovered.push(userID);
    } catch (error) {
      recovery.failed.push({ userID, error });
    }
  };
  for (let last = after; ; ) {
    const page = await store.listUnfinished(before, PAGE, last);
    const queue = page.values();
    const work = async () => {
      for (const { userID } of queue) {
        if (signal?.aborted) return;
        await finishOne(userID);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, page.length) }, work));
    last = page.at(-1);
    if (page.length < PAGE || signal?.aborted) return;
  }
}

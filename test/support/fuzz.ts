import fc from 'fast-check';
import { afterAll } from 'vitest';

/** How many cases each property gets: few in `npm test`, many in `npm run fuzz`. */
export const RUNS = Number(process.env.FUZZ_RUNS ?? 100);

// The same cases each time, unless many are asked for: then new ones.
const seed = Number(process.env.FUZZ_SEED ?? (process.env.FUZZ_RUNS ? Date.now() % 2 ** 31 : 20_261_122));

const counts = new Map<string, number>();

/** Checks a property; a failure is shrunk, and names the seed that brings it back as FUZZ_SEED. */
export async function check<Case>(
  name: string,
  arbitrary: fc.Arbitrary<Case>,
  predicate: (value: Case) => unknown,
  runs = RUNS,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (value) => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    await predicate(value);
  });
  await fc.assert(property, { seed, numRuns: runs });
}

/** What a long run of a property may take, ms. */
export const timeout = 60_000 + RUNS * 100;

/** Prints, at the end of a file, how many cases there were. */
export function printCounts(): void {
  afterAll(() => {
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const lines = [...counts].map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
    process.stdout.write(
      `fuzzing, seed ${seed}:\n${lines.join('\n')}\n  ${String(total).padStart(8)}  cases\n`,
    );
  });
}

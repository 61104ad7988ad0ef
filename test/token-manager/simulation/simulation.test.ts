import { describe, expect, test } from 'vitest';
import { FAULTS, type Faults } from './faults.ts';
import { simulate } from './simulate.ts';

// `npm run simulate` runs a thousand of each class, or as many as it is told.
const SEEDS = 30;

/** What went wrong in runs of the first seeds. */
async function violations(faults: Faults, window?: number): Promise<string[]> {
  const found: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const outcome = await simulate(seed, faults, { window });
    found.push(...outcome.violations.map((each) => `seed ${seed}: ${each}`));
  }
  return found;
}

describe('in virtual time, nothing is lost with', () => {
  test.each(Object.entries(FAULTS))(
    '%s',
    async (_, faults) => {
      expect(await violations(faults)).toEqual([]);
    },
    60_000,
  );
});

describe('the simulation', () => {
  test('finds what is lost where the provider repeats its answers for five seconds only', async () => {
    const found = (await violations(FAULTS.crash, 5_000)).join('\n');
    expect(found).toContain('is lost');
    expect(found).toContain('although the consent lives');
  }, 60_000);

  test('finds what is lost where a frozen process sends its request without a last look', async () => {
    const found = (await violations({ ...FAULTS.freeze, neverAsks: true })).join('\n');
    expect(found).toContain('is lost');
  }, 60_000);

  test('excuses the loss of a consent only after four failures in a row', async () => {
    // A process dies with the response, the database is away, and the next four exchanges fail.
    const { violations, counts } = await simulate(38_745, FAULTS.mixed);
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ hopeless: 1 });
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const outcome = await simulate(seed, FAULTS.crash, { window: 5_000 });
      expect(outcome.counts.hopeless).toBe(0);
    }
  }, 60_000);

  test('makes the faults that it is to make', async () => {
    let counts = { calls: 0, errors: 0, refreshes: 0, repeats: 0, reuses: 0 };
    for (let seed = 1; seed <= 20; seed += 1) {
      const outcome = await simulate(seed, FAULTS.mixed);
      counts = {
        ...counts,
        errors: counts.errors + outcome.counts.errors,
        repeats: counts.repeats + outcome.counts.repeats,
      };
    }
    expect(counts.errors).toBeGreaterThan(10);
    expect(counts.repeats).toBeGreaterThan(5);
  });

  test('does the same with the same seed, and something else with another one', async () => {
    const trace = async (seed: number) =>
      (await simulate(seed, FAULTS.mixed, { trace: true })).trace?.join('\n');
    const first = await trace(1);
    expect(first?.split('\n').length).toBeGreaterThan(100);
    expect(await trace(1)).toBe(first);
    expect(await trace(2)).not.toBe(first);
  });
});

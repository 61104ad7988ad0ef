/** The middle of some samples and how far they spread. */
export interface Summary {
  median: number;
  /** The quartiles: half of the samples lie between them. */
  low: number;
  high: number;
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * Measures things side by side: each of them once per round, so that what disturbs the machine disturbs all of them
 * alike. Each round has a random order, because a fixed order would give each thing the same predecessor every time,
 * and what that one leaves in the CPU's caches would bias the result.
 */
export async function interleave<T, R>(
  items: readonly T[],
  rounds: number,
  measure: (item: T) => Promise<R>,
): Promise<Map<T, R[]>> {
  const results = new Map<T, R[]>(items.map((item) => [item, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const item of shuffled(items)) results.get(item)?.push(await measure(item));
  }
  return results;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Runs `act` for 0, 1, … `count - 1`, so many at a time. */
export async function eachAtATime(
  count: number,
  atATime: number,
  act: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await act(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, count) }, worker));
}

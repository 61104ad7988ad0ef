import { describe, expect, it } from 'vitest';
import { inTimeSlice } from '../../../lib/google-health/incoming/time-slice.ts';
import { WorkQueue } from '../../../lib/google-health/incoming/work-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Jobs that end when the test says so. */
function jobs(count: number, started: number[]) {
  const ends: (() => void)[] = [];
  const list = Array.from({ length: count }, (_value, index) => () => {
    started.push(index);
    return new Promise<void>((resolve) => {
      ends[index] = resolve;
    });
  });
  return { list, end: (index: number) => ends[index]?.() };
}

describe('a queue', () => {
  it('starts jobs in a later turn, in their order, so many at a time', async () => {
    const started: number[] = [];
    const queue = new WorkQueue(2, 10);
    const { list, end } = jobs(4, started);
    queue.add(list);
    expect(started).toEqual([]);
    await turn();
    expect(started).toEqual([0, 1]);
    end(1);
    await turn();
    expect(started).toEqual([0, 1, 2]);
    end(2);
    end(0);
    await turn();
    expect(started).toEqual([0, 1, 2, 3]);
  });

  it('says when its jobs are done, and when all are', async () => {
    const log: string[] = [];
    const queue = new WorkQueue(1, 10);
    await queue.idle();
    const [first, second] = [jobs(2, []), jobs(1, [])];
    queue.add(first.list).then(() => log.push('first'));
    queue.add(second.list).then(() => log.push('second'));
    for (let waiter = 0; waiter < 2; waiter += 1) queue.idle().then(() => log.push('idle'));
    await turn();
    first.end(0);
    await turn();
    expect(log).toEqual([]);
    first.end(1);
    await turn();
    expect(log).toEqual(['first']);
    second.end(0);
    await turn();
    expect(log).toEqual(['first', 'second', 'idle', 'idle']);
    await queue.idle();
  });

  it('is not idle while one of its workers is', async () => {
    let idle = false;
    const queue = new WorkQueue(2, 10);
    const { list, end } = jobs(2, []);
    queue.add(list);
    queue.idle().then(() => {
      idle = true;
    });
    await turn();
    end(0);
    await turn();
    expect(idle).toBe(false);
    end(1);
    await turn();
    expect(idle).toBe(true);
  });

  it('holds no more than its limit, of what waits and runs, but any number when it is empty', async () => {
    const queue = new WorkQueue(2, 4);
    expect([queue.fits(4), queue.fits(5), queue.fits(1000)]).toEqual([true, true, true]);
    const { list, end } = jobs(3, []);
    const done = queue.add(list);
    expect([queue.fits(1), queue.fits(2)]).toEqual([true, false]);
    await turn();
    expect([queue.fits(1), queue.fits(2)]).toEqual([true, false]);
    end(0);
    await turn();
    expect([queue.fits(2), queue.fits(3)]).toEqual([true, false]);
    end(1);
    await turn();
    end(2);
    await done;
    await turn();
    expect(queue.fits(1000)).toBe(true);
  });
});

describe('a time slice', () => {
  const spend = (time: number) => {
    const end = performance.now() + time;
    while (performance.now() < end);
  };

  it('gives what the work gives, or throws', async () => {
    expect(await inTimeSlice(() => 5)).toBe(5);
    expect(await inTimeSlice(async () => 6)).toBe(6);
    await expect(
      inTimeSlice(() => {
        throw new Error('x');
      }),
    ).rejects.toThrow('x');
  });

  it('ends when its time is used up; what waits goes on in the next turn', async () => {
    const log: string[] = [];
    await turn();
    setImmediate(() => log.push('turn'));
    const works = [1, 2, 3, 4].map((number) =>
      inTimeSlice(() => {
        log.push(String(number));
        if (number % 2 === 0) spend(15);
      }),
    );
    await Promise.all(works);
    expect(log).toEqual(['1', '2', 'turn', '3', '4']);
  });
});

// Runs in a process of its own, which must end by itself: started by faults-process.test.ts. It makes one call to
// each of the servers that it is given and prints, for each, how much memory it took and what it left behind.
import { introspect } from 'passport-fitbit-strategy';

export interface Job {
  name: string;
  url: string;
  timeout: number;
}

export interface Result {
  name: string;
  outcome: string;
  /** How much the resident set grew at most, bytes. */
  growth: number;
  /** Timers, sockets and the like that were not there before and keep the process alive. */
  left: string[];
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function main(warmUp: string, jobs: Job[]): Promise<Result[]> {
  const call = async ({ url, timeout }: Omit<Job, 'name'>) => {
    try {
      await introspect({ clientID: 'id', introspectionURL: `${url}/introspect`, timeout }, 'a-token');
      return 'success';
    } catch (error) {
      return String(error);
    }
  };
  // What Node and V8 need anyway is there before anything is measured.
  for (let i = 0; i < 300; i += 1) await call({ url: warmUp, timeout: 5000 });

  const results: Result[] = [];
  for (const job of jobs) {
    globalThis.gc?.();
    const before = process.getActiveResourcesInfo();
    const rss = process.memoryUsage.rss();
    let peak = rss;
    let measuring = true;
    const measure = () => {
      peak = Math.max(peak, process.memoryUsage.rss());
      if (measuring) setImmediate(measure);
    };
    measure();
    const outcome = await call(job);
    measuring = false;
    measure();
    const left = () => {
      const known = [...before];
      return process.getActiveResourcesInfo().filter((name) => {
        const index = known.indexOf(name);
        if (index >= 0) known.splice(index, 1);
        return index < 0 && name !== 'Immediate';
      });
    };
    // A socket that was destroyed is closed a little later.
    for (let tries = 0; tries < 50 && left().length > 0; tries += 1) await pause(5);
    results.push({ name: job.name, outcome, growth: peak - rss, left: left() });
  }
  return results;
}

const { warmUp, jobs } = JSON.parse(process.argv[2] ?? '') as { warmUp: string; jobs: Job[] };
process.stdout.write(JSON.stringify(await main(warmUp, jobs)));

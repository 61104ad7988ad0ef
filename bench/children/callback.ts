import { eachAtATime } from '../concurrency.ts';
import type { Contender, PassportStrategy, Provider } from '../contenders/contender.ts';
import { floor } from '../contenders/floor.ts';
import { loadContender, type Runner } from '../contenders/index.ts';
import { serve } from '../rpc.ts';
import { authenticate, type Begun, begin, CODE, comeBack, describe } from './drive.ts';

// Callbacks without a web server around them: what the strategy alone costs.

/** What one callback cost. */
export interface Cost {
  /** µs of CPU of this process, garbage collection and compilation included. */
  cpu: number;
  /** µs on the clock, at one after the other. */
  wall: number;
}

const LEAD = 40; // callbacks before each sample that are not measured

let contender: Contender | undefined;
let strategy: PassportStrategy | undefined;
let withoutPackage: ((code: string) => Promise<unknown>) | undefined;
let at: Provider = { base: '' };

async function load(runner: Runner, provider: Provider): Promise<void> {
  at = provider;
  if (runner.role === 'floor') withoutPackage = floor(provider);
  else {
    contender = await loadContender(runner);
    strategy = contender.strategy(provider);
  }
}

async function complete(begun: Begun): Promise<void> {
  const req = comeBack(begun);
  if (withoutPackage !== undefined) {
    await withoutPackage(String(req.query.code));
    return;
  }
  const { type, value } = await authenticate(strategy as PassportStrategy, req);
  if (type !== 'success') throw new Error(`${type}: ${describe(value)}`);
}

/** Measures `count` callbacks; their logins were begun before the clock starts. */
async function run(count: number, atATime: number): Promise<Cost> {
  const begun: Begun[] = [];
  for (let index = 0; index < count + LEAD; index += 1) {
    // As text: requests and sessions kept as objects would make V8 allocate the next ones with the long-lived ones.
    begun.push(strategy === undefined ? { state: '', session: '{}' } : await begin(strategy));
  }
  const act = (index: number) => complete(begun[index] as Begun);
  // After a pause, connections are closed and caches cold: that is nobody's cost.
  await eachAtATime(LEAD, atATime, (index) => act(count + index));
  // What was made for the preparation is moved out of the way. (A full collection would throw away compiled code.)
  globalThis.gc?.({ type: 'minor' });
  globalThis.gc?.({ type: 'minor' });
  const cpu = process.cpuUsage();
  const start = performance.now();
  await eachAtATime(count, atATime, act);
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / count, wall: (wall * 1000) / count };
}

/** One login, and what came of it. */
async function once(): Promise<{ outcome: string; ms: number; peak: number }> {
  const start = performance.now();
  const made = strategy as PassportStrategy;
  const { type, value } = await authenticate(made, comeBack(await begin(made)));
  const outcome = type === 'success' ? 'signed in' : `${type}: ${describe(value).slice(0, 70)}`;
  return { outcome, ms: performance.now() - start, peak: process.resourceUsage().maxRSS * 1024 };
}

/** Asks for a refresh of one user's token, so many times at once; resolves with how many were answered. */
async function refresh(count: number): Promise<number> {
  const send = contender?.refresh?.(at);
  if (send === undefined) throw new Error('has no refresh');
  const token = 'c643a63c072f0f05478e9d18b991db80ef6061e4f8e6c822d83fed53e5fafdd7';
  const results = await Promise.allSettled(Array.from({ length: count }, () => send(token)));
  return results.filter(({ status }) => status === 'fulfilled').length;
}

/** Memory in use, bytes, after a garbage collection. */
async function memory(): Promise<{ heap: number; resident: number }> {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}

/** Brings callbacks under way that wait for the provider. */
async function wait(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    if (withoutPackage !== undefined) withoutPackage(CODE).catch(ignore);
    else authenticate(strategy as PassportStrategy, comeBack(await begin(strategy as PassportStrategy)));
    // The provider has to accept the connections at some pace.
    if (index % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function ignore(): void {}

const handlers = { load, run, once, refresh, memory, wait };

export type CallbackChild = typeof handlers;
serve(handlers);

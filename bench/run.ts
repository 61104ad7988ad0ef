import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { World } from './children/world.ts';
import { describeRun } from './machine.ts';
import { readOptions, type SectionName } from './options.ts';
import { goalsToMarkdown, type Section, tableToMarkdown } from './report.ts';
import { Child } from './rpc.ts';
import { callbackSection } from './sections/callback.ts';
import { installSection } from './sections/install.ts';
import { loginSection } from './sections/login.ts';
import { memorySection } from './sections/memory.ts';
import { requestsSection } from './sections/requests.ts';
import { startupSection } from './sections/startup.ts';
import { tlsSection } from './sections/tls.ts';
import { webhooksSection } from './sections/webhooks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const { quick, only, builds, output } = readOptions(root);

// On one CPU, children too: what it costs to wake another one differs more, from run to run, than what is compared.
const cpu = String(availableParallelism() - 1);
const pinned = spawnSync('taskset', ['-c', '-p', cpu, String(process.pid)]).status === 0;

const start = performance.now();
const world = new Child<World>('world');
const base = await world.call('listen');

const SECTIONS: Record<SectionName, () => Section | Promise<Section>> = {
  callback: () => callbackSection({ base }, builds, quick),
  tls: () => tlsSection(world, builds, quick),
  login: () => loginSection(world, { base }, builds, quick),
  requests: () => requestsSection(world, base, builds),
  memory: () => memorySection(world, base, builds, quick),
  startup: () => startupSection(root, builds, quick),
  install: () => installSection(root, builds),
  webhooks: () => webhooksSection(builds, quick),
};

const texts: string[] = [];
const goals: Section['goals'][number][] = [];
const print = (text: string) => {
  console.log(`${text}\n`);
  texts.push(text);
};

try {
  for (const name of only) {
    const section = await SECTIONS[name]();
    section.tables.map(tableToMarkdown).forEach(print);
    goals.push(...section.goals);
  }
} finally {
  await world.stop();
}
const seconds = (performance.now() - start) / 1000;
if (goals.length > 0) console.log(`${goalsToMarkdown(goals)}\n\n${seconds.toFixed(0)} s`);

if (output !== '') {
  const intro = `Written by \`npm run bench\`. All contenders run side by side, in processes of their own, against a stand-in provider on loopback that is a process, too; they take turns in short rounds, in random order, after a warm-up. Given are the median of the rounds and the quartiles. CPU is that of the measured process, user and system. ${pinned ? 'All share one CPU of the machine.' : 'They are spread over the CPUs as the system likes (no `taskset` here).'}`;
  const parts = ['# Benchmarks', intro, describeRun(root, builds, seconds), goalsToMarkdown(goals), ...texts];
  writeFileSync(output, `${parts.join('\n\n')}\n`);
}

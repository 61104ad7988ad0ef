// `npm run test:compat`: signs in, from the packed package, with everything that it says it works with.
// COMPAT=reduced takes a part of the matrix; COMPAT=<text> the cells whose group or name contain it.
import { availableParallelism } from 'node:os';
import { type Cell, cells } from './cells.ts';
import { type Result, Workspace } from './workspace.ts';

const selection = process.env.COMPAT ?? '';
const chosen = cells.filter(({ reduced, group, name }) =>
  selection === 'reduced' ? reduced : `${group} ${name}`.toLowerCase().includes(selection.toLowerCase()),
);
if (chosen.length === 0) throw new Error(`COMPAT=${selection} matches no cell`);

const width = Math.max(...chosen.map(({ name }) => name.length));
const failed: [Cell, Result][] = [];
const begin = Date.now();
const workspace = await Workspace.create();
process.once('SIGINT', () => void workspace.remove().finally(() => process.exit(130)));

try {
  const queue = [...chosen];
  const worker = async () => {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) await runCell(cell);
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
} finally {
  await workspace.remove();
}

for (const [{ group, name }, { output }] of failed)
  console.log(`\n--- ${group}: ${name}\n${output.slice(-4000)}`);
const seconds = Math.round((Date.now() - begin) / 1000);
const passed = chosen.length - failed.length;
const counts = failed.length > 0 ? `${failed.length} failed | ${passed} passed` : `${passed} passed`;
console.log(`\n  Tests  ${counts} (${chosen.length} of ${cells.length} combinations, ${seconds} s)`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function runCell(cell: Cell): Promise<void> {
  const start = Date.now();
  const result = await workspace.run(cell).catch((error) => ({ ok: false, output: String(error) }));
  if (!result.ok) failed.push([cell, result]);
  const time = `${((Date.now() - start) / 1000).toFixed(1)} s`.padStart(8);
  const detail = /(\d+ checks.*|Tests: .*)/.exec(result.output)?.[1] ?? '';
  const [group, name] = [cell.group.padEnd(10), cell.name.padEnd(width)];
  console.log(`${result.ok ? 'ok    ' : 'FAILED'}  ${group}  ${name}  ${time}  ${result.ok ? detail : ''}`);
}

// `npm run check`: what a change needs before a pull request. It needs no root and, after `npm ci`, no network. It prints
// what is wrong, and the command that fixes it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const reference = mkdtempSync(join(tmpdir(), 'api-reference-'));

// Two rows at a time, from two processors on.
const ROWS = [
  [
    { name: 'Formatting and lint', command: 'npx biome check .', fix: 'npm run format' },
    { name: 'Spelling', command: 'npm run spell', fix: 'correct the word, or add it to cspell-words.txt' },
    { name: 'Unused files, exports and dependencies', command: 'npx knip', fix: 'remove what knip lists' },
    { name: 'Types', command: 'npm run --silent typecheck', fix: 'npm run typecheck shows them again' },
    { name: 'Build', command: 'npm run build', fix: 'npm run build shows it again' },
    { name: 'API report', command: 'npx tsx test/api/report.ts', fix: 'npm run docs:types' },
    {
      name: 'API reference',
      command: `npx typedoc --out ${reference} && git diff --no-index --stat docs/api ${reference}`,
      fix: 'npm run docs:api',
    },
  ],
  [
    {
      name: 'Unit tests',
      command: 'npx vitest run --project unit',
      fix: 'npx vitest --project unit <file> runs one file again and again',
    },
  ],
];

/** Runs a command and resolves with what it printed, unless it succeeds. */
function run(command) {
  return new Promise((settle) => {
    const child = spawn(command, { cwd: root, shell: true, env: { ...process.env, NO_COLOR: '1' } });
    let output = '';
    const add = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('close', (code) => settle(code === 0 ? undefined : output.trim()));
  });
}

async function runRow(row) {
  const failed = [];
  for (const { name, command, fix } of row) {
    const started = performance.now();
    const output = await run(command);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${output === undefined ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`);
    if (output !== undefined) failed.push({ name, fix, output });
  }
  return failed;
}

try {
  const failed = (await Promise.all(ROWS.map(runRow))).flat();
  for (const { name, output } of failed) console.log(`\n== ${name}\n${output}`);
  if (failed.length > 0) {
    console.log('\nTo fix:');
    for (const { name, fix } of failed) console.log(`  ${name}: ${fix}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(reference, { recursive: true, force: true });
}

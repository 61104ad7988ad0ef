#!/usr/bin/env node
import { createRequire } from 'node:module';
import process from 'node:process';
import { runCommand } from './command.ts';

const { version }: { version: string } = createRequire(import.meta.url)('../package.json');

runCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  version,
  onStop: (stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  },
}).then((code) => {
  process.exitCode = code;
});

#!/usr/bin/env node
import process from 'node:process';
import { runCommand } from './command.ts';

runCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  onStop: (stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  },
}).then((code) => {
  process.exitCode = code;
});

// Runs in a process of its own, started by file.test.ts: uses each token file that it is sent, and answers whether it
// could. `slow` makes it wait for a random time before each step of the lock; a number, the step before which it dies.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [mode = ''] = process.argv.slice(2);
let steps = 0;

function beforeStep(): void {
  if (mode === 'slow') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * 3);
  else if (steps++ === Number(mode)) process.kill(process.pid, 'SIGKILL');
}

/** Makes a function of the lock take its time, or kill the process. */
function hook<Args extends [unknown, ...unknown[]], Result>(call: (...args: Args) => Result) {
  return (...args: Args): Result => {
    if (String(args[0]).includes('.lock')) beforeStep();
    return call(...args);
  };
}

Object.assign(fs, {
  readFileSync: hook(fs.readFileSync),
  writeFileSync: hook(fs.writeFileSync),
  renameSync: hook(fs.renameSync),
  unlinkSync: hook(fs.unlinkSync),
});
syncBuiltinESMExports();

const { FileTokenStore } = await import('../../lib/token-manager/file.ts');
process.on('message', (path: string) => {
  new FileTokenStore(path).read('ann').then(
    () => process.send?.('used'),
    (error: Error) => process.send?.(error.message),
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

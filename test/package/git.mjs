// Installs the package from a git URL, as an app does that needs a commit which is not published: `prepare` builds it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'git-install-'));
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/.test(name)));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const repository = join(folder, 'repository.git');
  run('git', ['clone', '--quiet', '--bare', root, repository]);
  const commit = run('git', ['rev-parse', 'HEAD'], root).trim();
  const app = mkdtempSync(join(folder, 'app-'));
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  run('npm', ['install', ...options, `git+file://${repository}#${commit}`], app);
  const script = `const { FitbitStrategy } = require('passport-fitbit-strategy');
    import('passport-fitbit-strategy').then((module) => console.log(module.FitbitStrategy === FitbitStrategy));`;
  assert.equal(run(process.execPath, ['-e', script], app).trim(), 'true');
  console.log(`The package installs from a git URL, at ${commit.slice(0, 12)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

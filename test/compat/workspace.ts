import { type ExecFileException, execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import type { Cell, Folder, Runtime } from './cells.ts';
import type { Command } from './support/example.ts';
import { runWebExample, runWorkerExample } from './support/example-scenario.ts';

const root = resolve(import.meta.dirname, '../..');

// The cells run where TypeScript can't be: these are turned into JavaScript for them.
const TYPESCRIPT = ['compat/support/scenario.ts', 'clients/support/browser.ts', 'clients/support/consent.ts'];

// What an example has after it was started in the repository.
const NOT_COPIED =
  /\/(node_modules|\.next|dist|package-lock\.json|next-env\.d\.ts|tokens\.sqlite.*|.*\.tsbuildinfo)$/;

/** How a command ended. */
export interface Result {
  readonly ok: boolean;
  readonly output: string;
}

/** The temporary folder in which everything is installed and run. */
export class Workspace {
  readonly #path: string;
  readonly #installs = new Map<string, Promise<Result>>();
  readonly #runtimes = new Map<Runtime, Promise<string>>();
  #packages: Readonly<Record<string, string>> = {};

  private constructor(path: string) {
    this.#path = path;
  }

  /** Packs the packages and lays out the cells' files. `COMPAT_TARBALL` names a strategy's tarball to take instead. */
  static async create(): Promise<Workspace> {
    const workspace = new Workspace(await mkdtemp(join(tmpdir(), 'compat-')));
    const packed = await pack(workspace.#path);
    const strategy = resolve(process.env.COMPAT_TARBALL ?? packed.strategy);
    workspace.#packages = {
      'passport-fitbit-strategy': `file:${strategy}`,
      'fitbit-simulator': `file:${packed.simulator}`,
    };
    await layOut(join(workspace.#path, 'files'));
    return workspace;
  }

  /** Installs what the cell needs, once for all cells of a folder, and runs it. */
  async run(cell: Cell): Promise<Result> {
    const installed = await this.#install(cell.folder);
    if (!installed.ok) return installed;
    const cwd = join(this.#path, cell.folder.name);
    const { example } = cell.folder;
    if (example !== undefined && cell.args.length === 0) {
      const checked = await run('npm', ['run', 'typecheck'], cwd);
      return checked.ok ? runExample(example, { file: 'npm', args: ['start'], cwd, env: ownEnv() }) : checked;
    }
    const file = await this.#runtime(cell.runtime);
    const flags = cell.runtime === 'deno' ? ['run', '-A', '--node-modules-dir=manual'] : [];
    const args = [...flags, ...cell.args];
    return example === undefined
      ? run(file, args, cwd)
      : runExample(example, { file, args, cwd, env: ownEnv() });
  }

  async remove(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true, maxRetries: 3 });
  }

  #install(folder: Folder): Promise<Result> {
    const started = this.#installs.get(folder.name) ?? this.#startInstall(folder);
    this.#installs.set(folder.name, started);
    return started;
  }

  async #startInstall({ name, dependencies, overrides, example }: Folder): Promise<Result> {
    const path = join(this.#path, name);
    const files = example === undefined ? join(this.#path, 'files') : join(root, 'examples', example);
    await cp(files, path, { recursive: true, filter: (source) => !NOT_COPIED.test(source) });
    const own = example === undefined ? {} : JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
    const manifest = {
      private: true,
      type: 'module',
      scripts: own.scripts,
      dependencies: { ...dependencies, ...this.#packages },
      overrides,
    };
    await writeFile(join(path, 'package.json'), JSON.stringify(manifest));
    const options = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--prefer-offline'];
    return run('npm', ['install', '--loglevel=error', ...options], path);
  }

  /** The path of a runtime's executable, from the npm package of that name. */
  #runtime(runtime: Runtime): Promise<string> {
    const known = this.#runtimes.get(runtime) ?? findRuntime(runtime, this.#path);
    this.#runtimes.set(runtime, known);
    return known;
  }
}

async function findRuntime(runtime: Runtime, cwd: string): Promise<string> {
  const major = `node@${process.versions.node.split('.')[0]}`;
  if (runtime === 'node' || runtime === major) return process.execPath;
  const [name = ''] = runtime.split('@');
  const ask =
    name === 'deno' ? ['eval', 'console.log(Deno.execPath())'] : ['-e', 'console.log(process.execPath)'];
  const args = ['exec', '--yes', '--loglevel=error', `--package=${runtime}`, '--', name, ...ask];
  const { ok, output } = await run('npm', args, cwd);
  const path = output.trim().split('\n').at(-1);
  if (!ok || !path) throw new Error(`${runtime} could not be installed: ${output}`);
  return path;
}

async function pack(destination: string): Promise<{ strategy: string; simulator: string }> {
  const built = await run('npm', ['run', 'build'], root);
  if (!built.ok) throw new Error(built.output);
  const options = ['--loglevel=error', '--ignore-scripts', '--pack-destination', destination];
  const packed = await run('npm', ['pack', '.', './simulator', ...options], root);
  if (!packed.ok) throw new Error(packed.output);
  const files = await readdir(destination);
  const find = (name: string) => join(destination, files.find((file) => file.startsWith(name)) ?? '');
  return { strategy: find('passport-fitbit-strategy-'), simulator: find('fitbit-simulator-') };
}

async function layOut(path: string): Promise<void> {
  await cp(import.meta.dirname, join(path, 'test/compat'), {
    recursive: true,
    filter: (source) => !/compat\/(run|cells|workspace|support\/example.*)\.ts$/.test(source),
  });
  for (const file of TYPESCRIPT) {
    const source = await readFile(join(root, 'test', file), 'utf8');
    const { outputText } = transpileModule(source, {
      compilerOptions: {
        module: ModuleKind.ESNext,
        target: ScriptTarget.ES2022,
        rewriteRelativeImportExtensions: true,
        verbatimModuleSyntax: true,
      },
    });
    const target = join(path, 'test', file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
  }
}

/** Runs the scenario with an example. */
async function runExample(example: string, command: Command): Promise<Result> {
  const scenario = example === 'worker' ? runWorkerExample : runWebExample;
  try {
    return { ok: true, output: `${await scenario(command)} checks` };
  } catch (error) {
    return { ok: false, output: error instanceof Error ? error.message : String(error) };
  }
}

/** The environment, without what the calling npm sets for its own scripts. */
function ownEnv(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|config_local)/.test(name),
  );
  return Object.fromEntries(own);
}

function run(command: string, args: readonly string[], cwd: string): Promise<Result> {
  const options = {
    cwd,
    env: ownEnv(),
    timeout: 900_000,
    maxBuffer: 2 ** 26,
  };
  return new Promise((settle) => {
    execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) => {
      settle({ ok: error === null, output: `${stdout}${stderr}` });
    });
  });
}

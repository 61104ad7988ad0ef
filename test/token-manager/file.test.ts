import { type ChildProcess, execFile, execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FileTokenStore } from 'passport-fitbit-strategy/token-manager';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

const child = fileURLToPath(new URL('./file-child.ts', import.meta.url));
const record = (version: string) => ({ version, data: '{}', expiresAt: 1 });

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-file-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What a process can write when its disk is full or its files have a size limit; the arguments are a shell's. */
async function writeInChild(path: string, limit: string): Promise<unknown> {
  const command = `${limit} exec "$0" --import tsx "$1" "$2"`;
  // The loader's own cache must not meet the limit.
  const env = { ...process.env, TSX_DISABLE_CACHE: '1' };
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, child, path], { env });
  return JSON.parse(stdout);
}

describe('a file that can not be written as a whole', () => {
  const check = async (path: string, limit: string, code: string) => {
    const written = await writeInChild(path, limit);
    expect(written).toEqual({ first: true, large: code, after: true, read: record('3') });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ ann: record('3') });
    expect(readdirSync(join(path, '..'))).toEqual(['tokens.json']);
  };

  test('leaves the old one, at a size limit', async () => {
    await check(join(folder, 'tokens.json'), 'ulimit -f 16;', 'EFBIG');
  }, 30_000);

  test('leaves the old one, on a full disk', async () => {
    const small = join(folder, 'small');
    mkdirSync(small);
    if (mountSmall(small)) {
      try {
        await check(join(small, 'tokens.json'), '', 'ENOSPC');
      } finally {
        execFileSync('umount', [small]);
      }
    } else {
      // Without the right to mount: a device that is always full shows how Node reports it.
      const full = await open('/dev/full', 'w');
      await expect(full.writeFile('x')).rejects.toMatchObject({ code: 'ENOSPC' });
      await full.close();
      console.info('No file system could be mounted: the full disk was a size limit only');
    }
  }, 30_000);
});

test('the file is flushed before it is renamed, and its folder afterwards', async () => {
  const path = join(folder, 'tokens.json');
  const handle = await open(folder, 'r');
  const synced: string[] = [];
  const spy = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockImplementation(async function (
    this: typeof handle,
  ) {
    const isFolder = (await this.stat()).isDirectory();
    synced.push(`${isFolder ? 'folder' : 'file'}, renamed: ${readdirSync(folder).includes('tokens.json')}`);
    await this.datasync();
  });
  onTestFinished(() => spy.mockRestore());
  await handle.close();
  await new FileTokenStore(path).insert('ann', record('1'));
  expect(synced).toEqual(['file, renamed: false', 'folder, renamed: true']);
});

test('names of temporary files are random', async () => {
  const names = new Set<string>();
  const watcher = watch(folder, (_, name) => {
    if (name?.endsWith('.tmp')) names.add(name);
  });
  const store = new FileTokenStore(join(folder, 'tokens.json'));
  for (const version of ['1', '2', '3']) {
    if (version === '1') await store.insert('ann', record('1'));
    else await store.replace('ann', String(Number(version) - 1), record(version));
  }
  await vi.waitFor(() => expect(names.size).toBe(3));
  watcher.close();
  for (const name of names) expect(name).toMatch(/^tokens\.json\.[\da-f-]{36}\.tmp$/);
});

test('a link that somebody has put in place of the lock is not followed', async () => {
  const target = join(folder, 'target');
  symlinkSync(target, join(folder, 'tokens.json.lock'));
  await expect(new FileTokenStore(join(folder, 'tokens.json')).read('ann')).rejects.toThrow('already uses');
  expect(readdirSync(folder)).not.toContain('target');
});

test('a second process is refused, until the first one has ended, however it ended', async () => {
  const path = join(folder, 'tokens.json');
  const first = spawn(process.execPath, ['--import', 'tsx', child, path, 'wait']);
  onTestFinished(() => void first.kill('SIGKILL'));
  await once(first.stdout, 'data');
  const store = new FileTokenStore(path);
  await expect(store.read('ann')).rejects.toThrow(`Process ${first.pid} already uses this token file`);
  await expect(store.insert('bob', record('1'))).rejects.toThrow('already uses');
  first.kill('SIGKILL');
  await once(first, 'close');
  expect(await store.read('ann')).toMatchObject({ version: '2' });
}, 30_000);

describe('the lock of a process that has ended', () => {
  const lockChild = fileURLToPath(new URL('./file-lock-child.ts', import.meta.url));
  const start = async (mode: string): Promise<ChildProcess> => {
    const started = fork(lockChild, [mode], { execArgv: ['--import', 'tsx'] });
    onTestFinished(() => void started.kill('SIGKILL'));
    await once(started, 'message');
    return started;
  };
  const use = async (user: ChildProcess, path: string): Promise<unknown> => {
    user.send(path);
    return (await once(user, 'message'))[0];
  };
  const leaveLock = (path: string) => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(`${path}.lock`, `${pid} 63f5a1c2-ended ${hostname()}`);
  };

  test('is replaced by one of many processes that find it at the same time', async () => {
    const contenders = await Promise.all(Array.from({ length: 6 }, () => start('slow')));
    for (let round = 0; round < 25; round += 1) {
      const path = join(folder, `tokens-${round}.json`);
      leaveLock(path);
      const results = await Promise.all(contenders.map((contender) => use(contender, path)));
      const refused = results.filter((result) => /already uses this token file/.test(String(result)));
      expect([results.filter((result) => result === 'used').length, refused.length]).toEqual([1, 5]);
    }
    // Nothing but the locks is left.
    expect(readdirSync(folder).filter((name) => !/^tokens-\d+\.json\.lock$/.test(name))).toEqual([]);
  }, 60_000);

  test('can be replaced after processes have died while they were replacing it', async () => {
    const path = join(folder, 'tokens.json');
    leaveLock(path);
    // The first two die before and after they have checked the old lock; the others find what those have left.
    const steps = [4, 5, 7, 8, 9];
    const [last, ...mortals] = await Promise.all(['fast', ...steps].map((mode) => start(String(mode))));
    for (const mortal of mortals) {
      mortal.send(path);
      expect(await once(mortal, 'exit')).toEqual([null, 'SIGKILL']);
    }
    expect(readdirSync(folder).length).toBeGreaterThan(1);
    expect(last && (await use(last, path))).toBe('used');
    expect(readdirSync(folder)).toEqual(['tokens.json.lock']);
  }, 60_000);
});

/** Mounts a file system of 64 KiB, which only root can do, and not in every container. */
function mountSmall(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

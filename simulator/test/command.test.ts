import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startSimulator } from 'fitbit-simulator';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../lib/command.ts';
import { get } from './support.ts';

/** Runs the command until it waits for a signal or has ended; `stop` stands for the signal. */
async function run(...args: string[]) {
  const output = { out: '', err: '' };
  let stop = () => {};
  const collect = (name: 'out' | 'err') => ({
    write: (text: string) => {
      output[name] += text;
    },
  });
  let code = Promise.resolve(Number.NaN);
  await new Promise<void>((resolve) => {
    const onStop = (whenStopped: () => void) => {
      stop = whenStopped;
      setImmediate(resolve);
    };
    code = runCommand(args, { stdout: collect('out'), stderr: collect('err'), onStop });
    code.finally(resolve);
  });
  return { output, code, stop: () => stop() };
}

describe('the command', () => {
  it('prints endpoints and credentials, says that it is a simulator, and ends cleanly', async () => {
    const { output, code, stop } = await run('--port', '0');
    const url = /Control page: (\S+)/.exec(output.out)?.[1] ?? '';
    expect(output.out).toContain('This is a SIMULATOR');
    for (const word of ['clientSecret', 'introspectionURL', 'identityURL', 'maya', 'Ctrl+C']) {
      expect(output.out).toContain(word);
    }
    expect((await get(url)).status).toBe(200);
    stop();
    expect(await code).toBe(0);
    await expect(get(url)).rejects.toThrow();
  });

  it('takes settings of the app', async () => {
    const redirect = 'https://app.example/cb';
    const flags = [
      '--port',
      '0',
      '--host',
      'localhost',
      '--type',
      'client',
      '--write',
      '--redirect-uri',
      redirect,
    ];
    const { output, stop, code } = await run(...flags);
    expect(output.out.match(/clientSecret/g)).toHaveLength(1);
    const page = await get(/Control page: (\S+)/.exec(output.out)?.[1] ?? '');
    expect(await page.text()).toContain(redirect);
    stop();
    await code;
  });

  it('prints its usage', async () => {
    for (const args of [['--help'], ['-h']]) {
      const { output, code } = await run(...args);
      expect([await code, output.out.startsWith('Usage: fitbit-simulator')]).toEqual([0, true]);
    }
  });

  it.each([
    [['now'], 'Unexpected argument "now"'],
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', 'x'], '--port must be a number, not "x"'],
    [['--port', '70000'], '"port" must be an integer from 0 to 65535'],
    [['--type', 'web'], '--type must be server, client or personal, not "web"'],
    [['--host', '0.0.0.0'], 'set "allowRemote"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { output, code } = await run(...args);
    expect(await code).toBe(2);
    expect(output.err).toContain(message);
  });

  it('ends with exit code 1 when the port is taken', async () => {
    const simulator = await startSimulator();
    const { output, code } = await run('--port', new URL(simulator.url).port);
    expect(await code).toBe(1);
    expect(output.err).toContain('EADDRINUSE');
    await simulator.close();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'as a process ends with code 0 on %s',
    { timeout: 20_000 },
    async (signal) => {
      const cli = new URL('../lib/cli.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, ['--import', 'tsx', cli, '--port', '0']);
      await once(child.stdout, 'data');
      child.kill(signal);
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
    },
  );
});

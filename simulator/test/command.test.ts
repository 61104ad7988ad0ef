import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startSimulator } from 'fitbit-simulator';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../lib/command.ts';
import { get, post } from './support.ts';

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
    code = runCommand(args, { stdout: collect('out'), stderr: collect('err'), version: '1.2.3', onStop });
    code.finally(resolve);
  });
  return { output, code, stop: () => stop() };
}

/** The control page's address in what the command prints. */
const urlOf = (output: string) => /Control page {2}(\S+)/.exec(output)?.[1] ?? '';

describe('the command', () => {
  it('prints options as code, says that it is a simulator, and ends cleanly', async () => {
    const { output, code, stop } = await run('--port', '0');
    const url = /Control page {2}(\S+)/.exec(output.out)?.[1] ?? '';
    expect(output.out).toContain('not Fitbit, not Google');
    for (const text of [
      "  clientSecret: '",
      `  identityURL: '${url}google/v4/users/me/identity',\n`,
      'maya',
      'Ctrl+C',
    ]) {
      expect(output.out).toContain(text);
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
    const page = await get(/Control page {2}(\S+)/.exec(output.out)?.[1] ?? '');
    expect(await page.text()).toContain(redirect);
    stop();
    await code;
  });

  it('prints its usage', async () => {
    for (const args of [['--help'], ['-h']]) {
      const { output, code } = await run(...args);
      expect([await code, output.out.startsWith('Usage: fitbit-simulator [options]')]).toEqual([0, true]);
    }
  });

  it('prints its version', async () => {
    const { output, code } = await run('--version');
    expect([await code, output.out]).toEqual([0, '1.2.3\n']);
  });

  it('lists every flag of its usage in groups, in at most 80 columns and 31 lines', async () => {
    const { output } = await run('--help');
    const flags = [...output.out.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect([...new Set(flags)].sort()).toEqual([
      '--allow-remote',
      '--fault',
      '--help',
      '--host',
      '--port',
      '--redirect-uri',
      '--switch',
      '--type',
      '--version',
      '--write',
    ]);
    expect(output.out.match(/^(Server|Apps|Behavior|Other)$/gm)).toHaveLength(4);
    const lines = output.out.split('\n');
    expect(lines.length).toBeLessThanOrEqual(31);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('sets switches', async () => {
    const flags = ['fitbitRevokeBody=json', 'googleRateLimit=7', 'googleInvalidGrant=Bad Request'];
    const { output, stop, code } = await run('--port', '0', ...flags.flatMap((one) => ['--switch', one]));
    const page = await (await get(urlOf(output.out))).text();
    expect(page).toMatch(/<option value="json" selected>/);
    expect(page).toContain('name="googleRateLimit" type="number" min="1" value="7"');
    expect(page).toMatch(/<option value="Bad Request" selected>/);
    stop();
    await code;
  });

  it('sets faults', async () => {
    const faults = [
      'token=503',
      'fitbit:revoke=close,times=all,after',
      'google-health:userinfo=late,delay=5',
    ];
    const { output, stop, code } = await run('--port', '0', ...faults.flatMap((one) => ['--fault', one]));
    const url = urlOf(output.out);
    expect((await post(`${url}fitbit/oauth2/token`, {})).status).toBe(503);
    expect((await post(`${url}google/token`, {})).status).toBe(400);
    for (const _ of [1, 2])
      await expect(post(`${url}fitbit/oauth2/revoke`, {})).rejects.toThrow('fetch failed');
    expect((await post(`${url}google/revoke`, {})).status).toBe(400);
    const page = await (await get(url)).text();
    expect(page).toContain(
      'close, once the request has taken effect</td><td data-label="Requests to come">all<',
    );
    expect(page).toContain('late, after 5 ms');
    stop();
    await code;
  });

  it.each([
    [['now'], "Unexpected argument 'now'"],
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', 'x'], '--port must be a number from 0 to 65535, not "x"'],
    [['--port', '70000'], '--port must be a number from 0 to 65535, not "70000"'],
    [['--type', 'web'], '--type must be server, client or personal, not "web"'],
    [['--host', '0.0.0.0'], '--host 0.0.0.0 can be reached from other machines'],
    [['--host', '0.0.0.0'], 'to allow that, set --allow-remote'],
    [['--redirect-uri', '/cb'], '--redirect-uri: /cb must be an absolute URL'],
    [['--redirect-uri', ''], '--redirect-uri must be a non-empty string'],
    [['--switch', 'fitbitRevokeBody=xml'], '--switch fitbitRevokeBody must be empty, json, not "xml"'],
    [['--switch', 'fitbitRevokeBody'], '--switch fitbitRevokeBody must be empty, json, not ""'],
    [['--switch', 'fitbitRateLimit=0'], '--switch fitbitRateLimit must be a positive integer, not "0"'],
    [
      ['--switch', 'constructor=1'],
      '--switch constructor: no such switch; the switches are: fitbitDenialState,',
    ],
    [['--fault', 'tokens=hang'], '--fault tokens=hang: the endpoint must be one of authorize, token,'],
    [
      ['--fault', 'fitbit:userinfo=hang'],
      'the endpoint must be one of authorize, token, introspect, revoke, profile,',
    ],
    [['--fault', 'google:token=hang'], 'the provider must be fitbit or google-health, not "google"'],
    [['--fault', 'token'], 'what happens must be hang, close, truncate, html, late or a status'],
    [['--fault', 'token=600'], 'what happens must be'],
    [['--fault', 'token=late'], 'a late response needs a delay'],
    [['--fault', 'token=hang,times=0'], '"times=0" must be times=<number or all>, delay=<ms> or after'],
  ])('refuses %j with exit code 2, in terms of its flags', async (args, message) => {
    const { output, code } = await run(...args);
    expect(await code).toBe(2);
    expect(output.err).toContain(message);
    expect(output.err).not.toMatch(/"(port|host|allowRemote|redirectURIs|switches)/);
    expect(output.err).toContain('Options: fitbit-simulator --help');
    expect(output.out).toBe('');
  });

  it('ends with exit code 1 and one line when the port is taken', async () => {
    const simulator = await startSimulator();
    const { port } = new URL(simulator.url);
    const { output, code } = await run('--port', port);
    expect(await code).toBe(1);
    expect(output.err).toBe(
      `fitbit-simulator: port ${port} is taken by another program; choose another with --port, or a free one with --port 0\n`,
    );
    await simulator.close();
  });

  it('ends with exit code 1 when the host is not an address of this computer', async () => {
    const { output, code } = await run('--port', '0', '--host', '203.0.113.7', '--allow-remote');
    expect(await code).toBe(1);
    expect(output.err).toBe('fitbit-simulator: --host 203.0.113.7 is not an address of this computer\n');
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

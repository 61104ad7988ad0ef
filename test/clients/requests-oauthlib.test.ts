import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLBACK, callbackOf } from './support/consent.ts';

// Debian's python3-requests-oauthlib: another Python on the PATH does not have it.
const PYTHON = '/usr/bin/python3';
const script = fileURLToPath(new URL('fitbit_session.py', import.meta.url));

interface Report {
  token: { access_token: string; refresh_token: string; scope: string[]; user_id: string };
  userID: string;
  replayedCode: string;
  freshRefreshToken: string;
  repeatedRefreshToken: string;
  savedTokens: { refresh_token: string }[];
  userIDAfterAutoRefresh: string;
  unknownRefreshToken: string;
  wrongSecret: string;
}

let simulator: Simulator;
let report: Report;

beforeAll(async () => {
  simulator = await startSimulator();
  report = await runSession();
});
afterAll(() => simulator.close());

/** Runs the Python session; the consent in between is given by the browser here. */
async function runSession(): Promise<Report> {
  const python = spawn(PYTHON, [script], {
    // Plain http is good enough on loopback.
    env: { ...process.env, OAUTHLIB_INSECURE_TRANSPORT: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('The Python session ended early: its error stands above');
    return JSON.parse(value);
  };
  try {
    python.stdin.write(`${JSON.stringify({ ...simulator.fitbit, redirectURI: CALLBACK })}\n`);
    const { authorizationURL } = await nextLine();
    const callback = await callbackOf(authorizationURL, 'maya');
    python.stdin.end(`${callback.href}\n`);
    return await nextLine();
  } finally {
    python.kill();
  }
}

describe('requests-oauthlib with its Fitbit compliance fix and the simulated Fitbit', () => {
  it('signs in by authorization code with PKCE and reads the profile', () => {
    expect(report.token).toMatchObject({ user_id: '26FWFL' });
    expect([...report.token.scope].sort()).toEqual(['profile', 'sleep']);
    expect(report.userID).toBe('26FWFL');
  });

  it('cannot use a code twice', () => {
    expect(report.replayedCode).toBe('invalid_grant');
  });

  it('refreshes, and gets the same response to the same request again', () => {
    expect(report.freshRefreshToken).not.toBe(report.token.refresh_token);
    expect(report.repeatedRefreshToken).toBe(report.freshRefreshToken);
  });

  it('refreshes automatically when its token has expired', () => {
    expect(report.savedTokens).toHaveLength(1);
    expect(report.savedTokens[0]?.refresh_token).not.toBe(report.freshRefreshToken);
    expect(report.userIDAfterAutoRefresh).toBe('26FWFL');
  });

  it("understands Fitbit's error envelope by the compliance fix", () => {
    expect(report.unknownRefreshToken).toBe('invalid_grant');
    expect(report.wrongSecret).toBe('invalid_client');
  });
});

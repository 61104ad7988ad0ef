import { request } from 'node:http';
import { connect } from 'node:net';
import { startSimulator } from 'fitbit-simulator';
import { describe, expect, it, vi } from 'vitest';
import { PendingRequests } from '../lib/world/authorize-request.ts';
import { RequestLog } from '../lib/world/request-log.ts';
import {
  answerConsent,
  basic,
  bearer,
  exchangeForm,
  fitbitCode,
  fitbitQuery,
  fitbitRefresh,
  fitbitTokens,
  get,
  googleQuery,
  googleTokens,
  openConsent,
  post,
  start,
  withQuery,
} from './support.ts';

/** GETs with a Host header of one's own, which fetch does not allow. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('where the simulator listens', () => {
  it.each(['0.0.0.0', '::', '192.168.1.2', 'example.com'])(
    'is not %s unless asked in so many words',
    async (host) => {
      await expect(startSimulator({ host })).rejects.toThrow('"allowRemote"');
    },
  );

  it.each(['127.0.0.1', '127.0.0.2', 'localhost'])('may be %s', async (host) => {
    const simulator = await start({ host });
    expect(new URL(simulator.url).hostname).toBe(host);
    expect((await get(simulator.url)).status).toBe(200);
  });

  it('may be ::1', async () => {
    const simulator = await start({ host: '::1' });
    expect(simulator.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await get(simulator.url)).status).toBe(200);
  });

  it('may be every address with allowRemote', async () => {
    const simulator = await start({ host: '0.0.0.0', allowRemote: true });
    expect(simulator.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect((await get(simulator.url)).status).toBe(200);
  });

  it('is the port that it was given, and a port in use is an error', async () => {
    const simulator = await start();
    const port = Number(new URL(simulator.url).port);
    await expect(startSimulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('the name by which a request calls the simulator', () => {
  it('is an address or localhost, so that no foreign name can be pointed at it', async () => {
    const simulator = await start();
    for (const host of [
      '127.0.0.1',
      'localhost:9',
      'LOCALHOST',
      'app.localhost:3000',
      '[::1]:80',
      '10.0.0.1',
    ]) {
      expect([host, await statusWithHost(simulator.url, host)]).toEqual([host, 200]);
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      expect([host, await statusWithHost(simulator.url, host)]).toEqual([host, 421]);
      expect(await statusWithHost(simulator.fitbit.tokenURL, host)).toBe(421);
    }
  });

  it('may be one of allowedHosts', async () => {
    const simulator = await start({ allowedHosts: ['Simulator'] });
    expect(await statusWithHost(simulator.url, 'simulator:8410')).toBe(200);
  });
});

describe('the server', () => {
  it('says 404 for what is not there and 405 for a wrong method', async () => {
    const simulator = await start();
    const missing = await get(`${simulator.url}/nothing/here`);
    expect([missing.status, (await missing.text()).includes('There is nothing at /nothing/here.')]).toEqual([
      404,
      true,
    ]);
    const wrong = await get(simulator.fitbit.tokenURL);
    expect([wrong.status, wrong.headers.get('simulator-note')]).toEqual([405, 'this endpoint takes POST']);
    expect((await post(simulator.url, {})).status).toBe(404);
  });

  it('says in every response that it is a simulator', async () => {
    const simulator = await start();
    for (const url of [simulator.url, simulator.fitbit.userProfileURL, simulator.googleHealth.identityURL]) {
      expect((await get(url)).headers.get('x-simulator')).toBe('fitbit-simulator');
    }
  });

  it('explains an error in a header, in ASCII whatever the request had', async () => {
    const simulator = await start();
    const query = fitbitQuery(simulator, { redirect_uri: 'http://localhøst/\r\nx: y' });
    const answer = await get(withQuery(simulator.fitbit.authorizationURL, query));
    expect(answer.headers.get('simulator-note')).toMatch(
      /^redirect_uri http:\/\/localh\?st\/\?\?x: y must be percent-encoded ASCII$/,
    );
  });

  it('responds 413 to a body of more than 1 MiB', async () => {
    const simulator = await start();
    const answer = await post(simulator.fitbit.tokenURL, { code: 'x'.repeat(1024 * 1024) });
    expect(answer.status).toBe(413);
  });

  it('survives a client that goes away in the middle of its request', async () => {
    const simulator = await start();
    const { port } = new URL(simulator.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          'POST /fitbit/oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nhalf',
          () => {
            socket.destroy();
            resolve();
          },
        );
      });
    });
    expect((await get(simulator.url)).status).toBe(200);
  });

  it('responds 400 for a target that is no path', async () => {
    const simulator = await start();
    const { port } = new URL(simulator.url);
    const head = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write('GET // HTTP/1.1\r\nHost: localhost\r\n\r\n');
      });
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString());
      });
    });
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('closes at once though requests hang and faults wait, and may be closed twice', async () => {
    const simulator = await startSimulator();
    simulator.fail({ endpoint: 'token', with: 'hang' });
    simulator.fail({ endpoint: 'revoke', with: 'html', delay: 60_000 });
    const lost = Promise.allSettled([
      post(simulator.fitbit.tokenURL, {}),
      post(simulator.fitbit.revocationURL, {}),
    ]);
    await vi.waitFor(() => expect(simulator.requests).toHaveLength(2), { interval: 5, timeout: 5000 });
    await Promise.all([simulator.close(), simulator.close()]);
    expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(get(simulator.url)).rejects.toThrow('fetch failed');
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap');
  });
});

describe('the request log', () => {
  it('has what came in, with every secret redacted', async () => {
    const simulator = await start({ clock: { startAt: new Date('2026-05-05T05:05:05Z'), stopped: true } });
    const code = await fitbitCode(simulator, { state: 's' });
    const form = exchangeForm(code, { code_verifier: 'v'.repeat(43), client_secret: 'hunter2' });
    await post(simulator.fitbit.tokenURL, form, { ...basic(simulator.fitbit), cookie: 'sid=secret' });
    expect(simulator.requests).toHaveLength(1);
    const [logged] = simulator.requests;
    const redacted = expect.stringMatching(/^\[redacted:[0-9a-f]{8}\]$/);
    expect(logged).toMatchObject({
      provider: 'fitbit',
      endpoint: 'token',
      method: 'POST',
      path: '/fitbit/oauth2/token',
      query: {},
      time: new Date('2026-05-05T05:05:05Z'),
      status: 200,
      fault: undefined,
      note: undefined,
    });
    expect(logged?.body).toEqual({
      grant_type: 'authorization_code',
      code: redacted,
      redirect_uri: 'http://localhost:3000/auth/callback',
      code_verifier: redacted,
      client_secret: redacted,
    });
    expect(logged?.headers.authorization).toMatch(/^Basic 23SIM0:\[redacted:[0-9a-f]{8}\]$/);
    expect(logged?.headers.cookie).toEqual(redacted);
  });

  it('has no secret anywhere after a whole life of tokens', async () => {
    const simulator = await start();
    const fitbit = await fitbitTokens(simulator);
    const google = await googleTokens(simulator);
    await fitbitRefresh(simulator, fitbit.refresh);
    await get(simulator.fitbit.userProfileURL, bearer(fitbit.access));
    await get(`${simulator.googleHealth.introspectionURL}?access_token=${google.access}`);
    await post(simulator.googleHealth.revocationURL, { token: google.refresh });
    await get(simulator.fitbit.userProfileURL, { authorization: google.access });
    const log = JSON.stringify(simulator.requests);
    const { clientSecret = '' } = simulator.fitbit;
    const secrets = [
      ...Object.values(fitbit),
      ...Object.values(google),
      clientSecret,
      simulator.googleHealth.clientSecret,
    ];
    for (const secret of secrets) expect(log).not.toContain(secret);
    expect(log).not.toContain(Buffer.from(`:${clientSecret}`).toString('base64').slice(4, 20));
  });

  it('shows that two requests carried the same secret', async () => {
    const simulator = await start();
    for (const token of ['a', 'a', 'b']) await fitbitRefresh(simulator, token);
    const [first, second, third] = simulator.requests.map(({ body }) => body.refresh_token);
    expect(first).toBe(second);
    expect(first).not.toBe(third);
  });

  it('notes what was wrong, and can be cleared', async () => {
    const simulator = await start();
    await fitbitRefresh(simulator, 'x');
    expect(simulator.requests[0]).toMatchObject({
      status: 400,
      note: 'this token was not given to this app',
    });
    simulator.clearRequests();
    expect(simulator.requests).toEqual([]);
  });

  it('keeps the last thousand', () => {
    const log = new RequestLog();
    const none = new URLSearchParams();
    const add = (path: string) =>
      log.add({
        provider: 'fitbit',
        endpoint: 'token',
        method: 'POST',
        path,
        query: none,
        form: none,
        headers: {},
        time: new Date(),
      });
    const answered = add('/0');
    for (let count = 1; count <= 1000; count += 1) add(`/${count}`);
    answered({ status: 200 });
    expect(log.list()).toHaveLength(1000);
    expect(log.list()[0]?.path).toBe('/1');
  });
});

describe('what the request log leaves out', () => {
  it('is the value of every header that carries credentials', async () => {
    const simulator = await start();
    await post(
      simulator.fitbit.tokenURL,
      {},
      {
        ...basic(simulator.fitbit),
        'proxy-authorization': `Basic ${Buffer.from('proxy:hunter2').toString('base64')}`,
        'x-api-key': 'key-hunter2',
        cookie: 'sid=hunter2',
      },
    );
    const [logged] = simulator.requests;
    const digits = '\\[redacted:[0-9a-f]{8}\\]';
    expect(logged?.headers).toMatchObject({
      authorization: expect.stringMatching(`^Basic 23SIM0:${digits}$`),
      'proxy-authorization': expect.stringMatching(`^Basic proxy:${digits}$`),
      'x-api-key': expect.stringMatching(`^${digits}$`),
      cookie: expect.stringMatching(`^${digits}$`),
    });
    expect(JSON.stringify(logged)).not.toContain('hunter2');
  });

  it('is all of a body beyond 4 kB, in one field or in many', async () => {
    const simulator = await start();
    await post(simulator.fitbit.tokenURL, { grant_type: 'refresh_token', a: 'x'.repeat(500_000) });
    await post(
      simulator.fitbit.tokenURL,
      Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`f${n}`, 'y'])),
    );
    await post(simulator.fitbit.tokenURL, { ['n'.repeat(500_000)]: 'z' });
    for (const { body } of simulator.requests) expect(JSON.stringify(body).length).toBeLessThan(4096 * 3);
    expect(simulator.requests[0]?.body).toEqual({
      grant_type: 'refresh_token',
      a: '[cut: the log keeps 4 kB]',
    });
    expect(simulator.requests[1]?.body).toMatchObject({ f0: 'y', f500: 'y' });
  });
});

describe('a redirect URI that can be no Location header', () => {
  it.each([
    'http://localhost:3000/cb\r\nSet-Cookie: a=b',
    'http://localhost:3000/cb\nx',
    'http://localhost:3000/ü',
    'http://localhost:3000/a b',
    'http://localhost:3000/\u0000',
  ])('is refused with a page: %j', async (redirect_uri) => {
    const simulator = await start();
    const { fitbit, googleHealth } = simulator;
    for (const [url, query] of [
      [fitbit.authorizationURL, fitbitQuery(simulator, { redirect_uri })],
      [googleHealth.authorizationURL, googleQuery(simulator, { redirect_uri })],
    ] as const) {
      const answer = await get(withQuery(url, query));
      expect(answer.status).toBe(400);
      expect(answer.headers.get('simulator-note')).toContain('must be percent-encoded ASCII');
      expect(await answer.text()).toContain('redirect_uri');
    }
  });
});

describe('open consent pages', () => {
  it('are forgotten, oldest first, beyond a thousand', async () => {
    const simulator = await start();
    const { id } = await openConsent(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    expect(id).toMatch(/^[\w-]{32}$/);
    const pending = new PendingRequests();
    const app = {
      provider: 'fitbit',
      name: '',
      clientID: '',
      clientSecret: undefined,
      redirectURIs: undefined,
      type: 'server',
      writable: new Set<string>(),
      owner: '',
      enabled: true,
      organization: undefined,
    } as const;
    const asked = {
      provider: 'fitbit',
      app,
      redirectURI: '',
      redirectURIGiven: true,
      scope: [],
      state: undefined,
      challenge: undefined,
      prompt: [],
      offline: true,
      includeGranted: false,
      loginHint: undefined,
    } as const;
    const ids = Array.from({ length: 1001 }, () => pending.add(asked));
    expect(pending.take(ids[0] ?? '')).toBeUndefined();
    expect(pending.take(ids[1] ?? '')).toBe(asked);
  });

  it('respond 410 once Fitbit is shut down', async () => {
    const simulator = await start();
    const { id } = await openConsent(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    simulator.shutDownFitbit();
    expect((await answerConsent(simulator, { request: id, decision: 'allow', person: 'zoe' })).status).toBe(
      410,
    );
  });
});

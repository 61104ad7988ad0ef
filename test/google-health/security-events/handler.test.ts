import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import {
  createFetchSecurityEventHandler,
  createSecurityEventHandler,
  type SecurityEventOptions,
  type SecurityEventToken,
} from 'passport-fitbit-strategy/google-health/security-events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeFaults } from '../../support/fault-table.ts';
import { serve } from '../webhooks/google.ts';
import { CLIENT_ID, claims, OAUTH, publicKey, RISC, SUB, serveRisc, signClaims } from './google.ts';

async function both(options: Partial<SecurityEventOptions> = {}) {
  const { configurationURL } = await serveRisc();
  const received: SecurityEventToken[] = [];
  const errors: unknown[] = [];
  const settings: SecurityEventOptions = {
    clientIDs: [CLIENT_ID],
    configurationURL,
    onEvent: (token) => void received.push(token),
    onError: (error) => void errors.push(error),
    ...options,
  };
  const node = createSecurityEventHandler(settings);
  const url = await serve(express().post('/events', node));
  const fetchStyle = createFetchSecurityEventHandler(settings);
  const headers = { 'Content-Type': 'application/secevent+jwt' };
  const viaExpress = (body: string) => fetch(`${url}/events`, { method: 'POST', body, headers });
  const viaFetch = (body: string) =>
    fetchStyle(new Request('https://app.example/events', { method: 'POST', body, headers }));
  const idle = () => Promise.all([node.idle(), fetchStyle.idle()]);
  return { received, errors, idle, sends: { viaExpress, viaFetch } };
}

describe.each(['viaExpress', 'viaFetch'] as const)('security events %s', (name) => {
  it('are accepted with 202 and handed over', async () => {
    const { sends, received, idle } = await both();
    const response = await sends[name](`${signClaims(claims())}\n`);
    expect([response.status, await response.text()]).toEqual([202, '']);
    await idle();
    expect(received).toMatchObject([{ jti: 'event-1', events: [{ type: 'tokens-revoked', sub: SUB }] }]);
  });

  it('are refused with 400 and the reason in JSON', async () => {
    const { sends, received, errors } = await both();
    const response = await sends[name](signClaims(claims({ events: undefined })));
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('content-language')).toBe('en-US');
    expect(await response.json()).toEqual({
      err: 'invalid_request',
      description: expect.stringContaining('the claim "events" is missing'),
    });
    expect(received).toEqual([]);
    expect(errors).toMatchObject([{ code: 'invalid_request' }]);
  });

  it('are a 503 while the keys are away', async () => {
    const { sends, errors } = await both({ configurationURL: 'http://127.0.0.1:9/' });
    const response = await sends[name](signClaims(claims()));
    expect([response.status, await response.text()]).toEqual([503, '']);
    expect(errors).toMatchObject([{ code: 'keys', cause: { code: 'connection' } }]);
  });

  it('are processed once', async () => {
    const { sends, received, idle } = await both();
    for (const jti of ['a', 'b', 'a'])
      expect((await sends[name](signClaims(claims({ jti })))).status).toBe(202);
    await idle();
    expect(received.map(({ jti }) => jti)).toEqual(['a', 'b']);
  });

  it('are refused when they are too large', async () => {
    const { sends, errors } = await both();
    expect((await sends[name]('x'.repeat(1024 * 1024 + 1))).status).toBe(413);
    expect(errors).toMatchObject([{ code: 'body', status: 413 }]);
  });

  it('are accepted whatever the app throws', async () => {
    const seen: unknown[] = [];
    const { sends, idle } = await both({
      onEvent: () => Promise.reject(new Error('of the app')),
      onError: (error, token) => void seen.push([error, token?.jti]),
    });
    expect((await sends[name](signClaims(claims()))).status).toBe(202);
    await idle();
    expect(seen).toEqual([[new Error('of the app'), 'event-1']]);
  });

  it('are left for later when too many wait', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { sends, received, errors, idle } = await both({
      maxPending: 2,
      concurrency: 1,
      onEvent: async (token) => {
        await released;
        received.push(token);
      },
    });
    const send = async (jti: string) => (await sends[name](signClaims(claims({ jti })))).status;
    expect([await send('a'), await send('b'), await send('c')]).toEqual([202, 202, 503]);
    expect(errors).toMatchObject([{ code: 'busy' }]);
    release();
    await idle();
    // The one that was sent away is not taken for a repetition.
    expect(await send('c')).toBe(202);
    await idle();
    expect(received.map(({ jti }) => jti)).toEqual(['a', 'b', 'c']);
  });
});

describe('the consent', () => {
  const event = (uri: string, sub: unknown = SUB) => ({ events: { [uri]: { subject: { sub } } } });

  it.each([
    [`${OAUTH}tokens-revoked`, true],
    [`${RISC}account-disabled`, true],
    [`${OAUTH}token-revoked`, false],
    [`${RISC}sessions-revoked`, false],
    [`${RISC}account-enabled`, false],
    [`${RISC}verification`, false],
  ])('after %s is looked at: %s', async (uri, expected) => {
    const calls: string[] = [];
    const { sends, idle } = await both({
      tokens: { refresh: async (userID) => void calls.push(`refresh ${userID}`) },
      userID: async (sub) => `user of ${sub}`,
      onEvent: () => void calls.push('told'),
    });
    await sends.viaFetch(signClaims(claims(event(uri))));
    await idle();
    expect(calls).toEqual(expected ? [`refresh user of ${SUB}`, 'told'] : ['told']);
  });

  it('is not looked at without a user', async () => {
    const calls: string[] = [];
    const { sends, idle, received, errors } = await both({
      tokens: { refresh: async (userID) => void calls.push(userID) },
      userID: () => undefined,
    });
    await sends.viaFetch(signClaims(claims()));
    await sends.viaFetch(signClaims(claims({ jti: 'b', ...event(`${OAUTH}tokens-revoked`, 5) })));
    await idle();
    expect([calls, errors, received.length]).toEqual([[], [], 2]);
  });

  it('that is gone is no error; a refresh that failed is one, and the app is told anyway', async () => {
    const outcomes = [Object.assign(new Error('gone'), { reauthorize: true }), new Error('no network')];
    const { sends, received, errors, idle } = await both({
      tokens: { refresh: () => Promise.reject(outcomes.shift()) },
      userID: (sub) => sub,
    });
    for (const jti of ['a', 'b']) {
      await sends.viaFetch(signClaims(claims({ jti })));
      await idle();
    }
    expect(errors).toEqual([new Error('no network')]);
    expect(received).toHaveLength(2);
  });
});

describe('the ids of tokens', () => {
  it('are kept where the app says; a store that fails loses no event', async () => {
    const asked: string[] = [];
    const { sends, received, errors, idle } = await both({
      seen: {
        async add(id) {
          asked.push(id);
          if (id === 'b') throw new Error('store');
          return id !== 'c';
        },
      },
    });
    for (const jti of ['a', 'b', 'c']) await sends.viaFetch(signClaims(claims({ jti })));
    await idle();
    expect(asked).toEqual(['a', 'b', 'c']);
    expect(received.map(({ jti }) => jti)).toEqual(['a', 'b']);
    expect(errors).toEqual([new Error('store')]);
  });

  it('are kept in memory for a week', async () => {
    const day = 24 * 3_600_000;
    const clock = { time: Date.now() };
    const { sends, received, idle } = await both({ now: () => clock.time });
    const send = async () => {
      await sends.viaFetch(signClaims(claims()));
      await idle();
      return received.length;
    };
    expect(await send()).toBe(1);
    clock.time += 7 * day - 1;
    expect(await send()).toBe(1);
    clock.time += 1;
    expect(await send()).toBe(2);
  });
});

describe('without onError', () => {
  it('warns of everything but what anyone can cause', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warnings.mockRestore());
    const { sends, idle } = await both({ onError: undefined, onEvent: () => Promise.reject('a text') });
    await sends.viaFetch('x');
    await sends.viaFetch('x'.repeat(1024 * 1024 + 1));
    expect(warnings).not.toHaveBeenCalled();
    await sends.viaFetch(signClaims(claims()));
    await idle();
    await vi.waitFor(() => expect(warnings.mock.calls).toEqual([['a text']]));
  });
});

describe('a serverless function', () => {
  it('is kept alive until the app is done', async () => {
    const { configurationURL } = await serveRisc();
    const works: Promise<void>[] = [];
    const received: string[] = [];
    const handler = createFetchSecurityEventHandler({
      clientIDs: [CLIENT_ID],
      configurationURL,
      onEvent: ({ jti }) => void received.push(jti),
      waitUntil: (work) => void works.push(work),
    });
    const body = signClaims(claims());
    expect((await handler(new Request('https://app.example/', { method: 'POST', body }))).status).toBe(202);
    await works[0];
    expect(received).toEqual(['event-1']);
  });
});

describe('the options', () => {
  const tokens = { refresh: async () => {} };
  it.each([
    [{ clientIDs: CLIENT_ID }, /^"clientIDs" must be a non-empty array/],
    [{ clientIDs: [] }, /^"clientIDs" must be a non-empty array/],
    [{ clientIDs: [CLIENT_ID, ''] }, /^"clientIDs" must be a non-empty array/],
    [{ onEvent: undefined }, /^"onEvent" must be a function/],
    [{ onError: 5 }, /^"onError" must be a function/],
    [{ tokens }, /^"tokens" needs "userID"/],
    [{ tokens: {}, userID: () => '' }, /^"tokens" must be an object with a method "refresh"/],
    [{ tokens, userID: 5 }, /^"userID" must be a function/],
    [{ seen: {} }, /^"seen" must be an object with a method "add"/],
    [{ concurrency: 0 }, /^"concurrency" must be a whole number/],
    [{ maxPending: 0 }, /^"maxPending" must be a whole number/],
    [{ bodyTimeout: 0 }, /^"bodyTimeout" must be a positive number/],
    [{ waitUntil: 5 }, /^"waitUntil" must be a function/],
  ])('are refused by name: %j', (wrong, message) => {
    const options = { clientIDs: [CLIENT_ID], onEvent: () => {}, ...wrong };
    expect(() => Reflect.apply(createFetchSecurityEventHandler, undefined, [options])).toThrow(message);
  });

  it('must be an object', () => {
    expect(() => Reflect.apply(createSecurityEventHandler, undefined, [])).toThrow(
      '"options" must be an object',
    );
  });
});

/** A receiver whose configuration or keys come from a faulty server; rejects with why it has no keys. */
async function receive(configurationURL: string, timeout: number) {
  let cause: unknown;
  const handler = createFetchSecurityEventHandler({
    clientIDs: [CLIENT_ID],
    configurationURL,
    timeout,
    onEvent: () => {},
    onError: (error) => {
      cause = Reflect.get(Object(error), 'cause');
    },
  });
  const body = signClaims(claims());
  const { status } = await handler(new Request('https://app.example/', { method: 'POST', body }));
  if (status !== 202) throw cause;
}

/** Serves a configuration that names a faulty server for the keys. */
async function startConfiguration(jwks_uri: string) {
  const server = createServer((_req, res) => {
    res.end(JSON.stringify({ issuer: 'https://accounts.google.com/', jwks_uri }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { port, close };
}

const exceptions = {
  // Fitbit's envelope is none of Google's shapes.
  "400 with Fitbit's error envelope": 'ResponseError unexpected_status',
} as const;

const JWK = { ...publicKey.export({ format: 'jwk' }), kid: 'key-1' };

describeFaults({
  name: 'the request for the keys of event tokens',
  operation: 'keys',
  run: async ({ url, timeout }) => {
    const { port, close } = await startConfiguration(url);
    try {
      await receive(`http://127.0.0.1:${port}/`, timeout);
    } finally {
      await close();
    }
  },
  good: { keys: [JWK] },
  tolerated: { 'a key of another type beside it': { keys: [{ kty: 'EC' }, JWK] } },
  wrong: { 'no keys': { keys: [] }, 'a key of another type': { keys: [{ ...JWK, kty: 'EC' }] } },
  exceptions,
});

import express from 'express';
import {
  createFetchWebhookHandler,
  createWebhookHandler,
  MemorySeenIDs,
  type WebhookError,
  type WebhookNotification,
  type WebhookOptions,
} from 'passport-fitbit-strategy/google-health/webhooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeKey, notificationBody, SECRET, serve, serveKeys, signed, USER } from './google.ts';

const KEY = makeKey(1);
const HANDSHAKE = '{"type":"verification"}';

async function world(options: Partial<WebhookOptions> = {}) {
  const { keysURL } = await serveKeys(KEY);
  const received: WebhookNotification[] = [];
  const errors: unknown[] = [];
  const settings: WebhookOptions = {
    secret: SECRET,
    keysURL,
    onNotification: (notification) => void received.push(notification),
    onError: (error) => void errors.push(error),
    ...options,
  };
  return { settings, received, errors };
}

/** An Express app with a webhook, and a Fetch-style one, that are called the same way. */
async function both(options: Partial<WebhookOptions> = {}) {
  const { settings, received, errors } = await world(options);
  const node = createWebhookHandler(settings);
  const url = await serve(express().post('/hook', node));
  const fetchStyle = createFetchWebhookHandler(settings);
  type Send = (body: string, headers?: Record<string, string>) => Promise<Response>;
  const viaExpress: Send = (body, headers) =>
    fetch(`${url}/hook`, { method: 'POST', body, headers: headers ?? {} });
  const viaFetch: Send = (body, headers) =>
    fetchStyle(new Request('https://app.example/hook', { method: 'POST', body, headers: headers ?? {} }));
  const idle = () => Promise.all([node.idle(), fetchStyle.idle()]);
  return { received, errors, idle, sends: { viaExpress, viaFetch } };
}

describe.each(['viaExpress', 'viaFetch'] as const)('a webhook %s', (name) => {
  it('responds to the handshake, and refuses one without the secret or with a wrong one', async () => {
    const { sends, received, errors } = await both();
    const send = sends[name];
    const type = { 'Content-Type': 'application/json' };
    expect((await send(HANDSHAKE, { ...type, Authorization: SECRET })).status).toBe(201);
    expect((await send(HANDSHAKE, type)).status).toBe(401);
    expect((await send(HANDSHAKE, { ...type, Authorization: 'Bearer wrong' })).status).toBe(401);
    expect(received).toEqual([]);
    expect(errors).toMatchObject([{ code: 'secret' }, { code: 'secret' }]);
  });

  it('responds 204 with no body and hands over each notification of the list', async () => {
    const { sends, received, idle } = await both();
    const body = JSON.stringify([
      { data: { healthUserId: USER, operation: 'UPSERT', dataType: 'steps' } },
      { data: { healthUserId: USER, operation: 'UPSERT', dataType: 'sleep' } },
    ]);
    const response = await sends[name](body, signed(KEY, body));
    expect([response.status, await response.text()]).toEqual([204, '']);
    await idle();
    expect(received.map(({ dataType }) => dataType)).toEqual(['steps', 'sleep']);
  });

  it('responds 401, 400 and 503 for what is wrong, and tells the app', async () => {
    const { sends, received, errors } = await both();
    const send = sends[name];
    const body = notificationBody();
    const malformed = '{"data":{}}';
    expect((await send(body, { Authorization: SECRET })).status).toBe(401);
    expect((await send(malformed, signed(KEY, malformed))).status).toBe(400);
    const away = await both({ keysURL: 'http://127.0.0.1:9/' });
    expect((await away.sends[name](body, signed(KEY, body))).status).toBe(503);
    expect(received).toEqual([]);
    expect(errors).toMatchObject([{ code: 'signature' }, { code: 'malformed' }]);
    expect(away.errors).toMatchObject([{ code: 'keys', cause: { code: 'connection', operation: 'keys' } }]);
  });

  it('responds before the app has done anything, however long that takes', async () => {
    const order: string[] = [];
    let finish = () => {};
    const { sends, idle } = await both({
      onNotification: async () => {
        order.push('began');
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        order.push('ended');
      },
    });
    const body = notificationBody();
    await sends[name](body, signed(KEY, body));
    order.push('answered');
    await vi.waitFor(() => expect(order).toContain('began'));
    const done = idle();
    finish();
    await done;
    expect(order.filter((entry) => entry !== 'began')).toEqual(['answered', 'ended']);
  });

  it('responds 204 whatever the app throws, and gives that to onError with the notification', async () => {
    const seen: unknown[] = [];
    const { sends, idle } = await both({
      onNotification: ({ dataType }) => {
        if (dataType === 'steps') throw new Error('thrown');
        return Promise.reject(new Error('rejected'));
      },
      onError: (error, notification) => {
        seen.push([String(error), notification?.dataType]);
        throw new Error('of onError');
      },
    });
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warnings.mockRestore());
    for (const dataType of ['steps', 'sleep']) {
      const body = notificationBody({ dataType });
      expect((await sends[name](body, signed(KEY, body))).status).toBe(204);
    }
    await idle();
    expect(seen).toEqual([
      ['Error: thrown', 'steps'],
      ['Error: rejected', 'sleep'],
    ]);
    expect(warnings.mock.calls.map(([warning]) => String(warning))).toEqual([
      'Error: of onError',
      'Error: of onError',
    ]);
  });

  it('refuses a body above 1 MiB', async () => {
    const { sends, errors } = await both();
    const body = 'x'.repeat(1024 * 1024 + 1);
    expect((await sends[name](body, signed(KEY, body))).status).toBe(413);
    expect(errors).toMatchObject([{ code: 'body', status: 413 }]);
    const fits = body.slice(1);
    expect((await sends[name](fits, signed(KEY, fits))).status).toBe(400);
  });

  it('processes a notification once where the app remembers ids', async () => {
    const { sends, received, idle } = await both({ seen: new MemorySeenIDs({ ttl: 60_000 }) });
    const body = notificationBody();
    const other = notificationBody({ dataType: 'sleep' });
    for (const each of [body, other, body]) await sends[name](each, signed(KEY, each));
    await idle();
    expect(received.map(({ dataType }) => dataType)).toEqual(['steps', 'sleep']);
  });

  it('processes a notification when the ids cannot be read', async () => {
    const add = () => Promise.reject(new Error('store'));
    const { sends, received, errors, idle } = await both({ seen: { add } });
    const body = notificationBody();
    await sends[name](body, signed(KEY, body));
    await idle();
    expect(received).toHaveLength(1);
    expect(errors).toEqual([new Error('store')]);
  });

  it('asks for repetition when too many notifications wait', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const worked: string[] = [];
    const { sends, errors, idle } = await both({
      maxPending: 3,
      concurrency: 1,
      onNotification: async ({ dataType }) => {
        await released;
        worked.push(String(dataType));
      },
    });
    const send = async (...types: string[]) => {
      const body = JSON.stringify(
        types.map((dataType) => ({ data: { healthUserId: USER, operation: 'UPSERT', dataType } })),
      );
      return (await sends[name](body, signed(KEY, body))).status;
    };
    // More than may wait are taken when none do: they would never fit.
    expect(await send('a', 'b', 'c', 'd')).toBe(204);
    expect(await send('e')).toBe(503);
    expect(errors).toMatchObject([{ code: 'busy' }]);
    release();
    await idle();
    expect(await send('f', 'g')).toBe(204);
    await idle();
    expect(worked).toEqual(['a', 'b', 'c', 'd', 'f', 'g']);
  });
});

describe('concurrency', () => {
  it('is bounded, and eight by default', async () => {
    for (const concurrency of [undefined, 3]) {
      let running = 0;
      let most = 0;
      const { sends, idle } = await both({
        concurrency,
        onNotification: async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 2));
          running -= 1;
        },
      });
      const item = { data: { healthUserId: USER, operation: 'UPSERT' } };
      const body = JSON.stringify(Array.from({ length: 40 }, () => item));
      await sends.viaFetch(body, signed(KEY, body));
      await idle();
      expect(most).toBe(concurrency ?? 8);
    }
  });
});

describe('the consent', () => {
  it('is looked at by a refresh when a DELETE comes, before the app is told', async () => {
    const calls: string[] = [];
    const refresh = async (userID: string) => void calls.push(`refresh ${userID}`);
    const { sends, idle } = await both({
      tokens: { refresh },
      onNotification: ({ operation }) => void calls.push(operation),
    });
    for (const operation of ['UPSERT', 'DELETE']) {
      const body = notificationBody({ operation });
      await sends.viaFetch(body, signed(KEY, body));
    }
    await idle();
    expect(calls).toEqual(['UPSERT', `refresh ${USER}`, 'DELETE']);
  });

  it('is looked at under the id that the app gives, and not for a user who is unknown', async () => {
    const asked: string[] = [];
    const { sends, received, idle } = await both({
      tokens: { refresh: async (userID) => void asked.push(userID) },
      userID: async (healthUserId) => (healthUserId === USER ? 'user-5' : undefined),
    });
    for (const healthUserId of [USER, '7']) {
      const body = notificationBody({ operation: 'DELETE', healthUserId });
      await sends.viaFetch(body, signed(KEY, body));
    }
    await idle();
    expect(asked).toEqual(['user-5']);
    expect(received).toHaveLength(2);
  });

  it('that is gone is no error; a refresh that failed is one, and the app is told anyway', async () => {
    const outcomes = [Object.assign(new Error('gone'), { reauthorize: true }), new Error('no network')];
    const { sends, received, errors, idle } = await both({
      tokens: { refresh: () => Promise.reject(outcomes.shift()) },
    });
    for (const healthUserId of ['1', '2']) {
      const body = notificationBody({ operation: 'DELETE', healthUserId });
      await sends.viaFetch(body, signed(KEY, body));
      await idle();
    }
    expect(errors).toEqual([new Error('no network')]);
    expect(received).toHaveLength(2);
  });

  it('is looked at twice for a DELETE of each of 27 data types in one list', async () => {
    let refreshes = 0;
    const { sends, received, idle } = await both({
      concurrency: 27,
      tokens: {
        async refresh() {
          refreshes += 1;
          await new Promise((resolve) => setTimeout(resolve, 5));
        },
      },
    });
    const item = { data: { healthUserId: USER, operation: 'DELETE' } };
    const body = JSON.stringify(Array.from({ length: 27 }, () => item));
    await sends.viaFetch(body, signed(KEY, body));
    await idle();
    expect(received).toHaveLength(27);
    expect(refreshes).toBe(2);
  });
});

describe('a body that a middleware read', () => {
  async function respond(middleware: express.RequestHandler, contentType = 'application/json') {
    const { settings, received } = await world();
    const handler = createWebhookHandler(settings);
    const errors: Error[] = [];
    const app = express().post('/', middleware, handler);
    app.use(((error, _req, res, _next) => {
      errors.push(error);
      res.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    const body = notificationBody();
    const headers = { ...signed(KEY, body), 'Content-Type': contentType };
    const { status } = await fetch(await serve(app), { method: 'POST', body, headers });
    await handler.idle();
    return { status, errors, received };
  }

  it.each([
    ['express.raw()', express.raw({ type: () => true })],
    ['a parser for other types', express.urlencoded()],
    [
      'an empty object, and no more',
      (req, _res, next) => {
        req.body = {};
        next();
      },
    ],
    [
      'express.json() that keeps the bytes in rawBody',
      express.json({
        verify: (req, _res, bytes) => void Object.assign(req, { rawBody: bytes }),
      }),
    ],
  ] satisfies [string, express.RequestHandler][])('is taken from %s', async (_name, middleware) => {
    const { status, errors, received } = await respond(middleware);
    expect([status, errors, received.length]).toEqual([204, [], 1]);
  });

  it.each([
    ['express.json()', express.json()],
    ['express.text()', express.text({ type: () => true })],
  ])('by %s is an error that names the remedy', async (_name, middleware) => {
    const { status, errors, received } = await respond(middleware);
    expect([status, received]).toEqual([500, []]);
    expect(errors[0]).toBeInstanceOf(TypeError);
    expect(errors[0]?.message).toMatch(
      /mount the handler before express\.json\(\).*express\.raw\(\{ type: \(\) => true \}\)/,
    );
  });

  it('is an error with a Fetch-style server as well', async () => {
    const { settings } = await world();
    const request = new Request('https://app.example/', { method: 'POST', body: '{}' });
    await request.json();
    await expect(createFetchWebhookHandler(settings)(request)).rejects.toThrow(/before express\.json\(\)/);
  });
});

describe('a webhook on plain node:http', () => {
  it('needs no next', async () => {
    const { settings } = await world();
    const url = await serve(createWebhookHandler(settings));
    const response = await fetch(url, {
      method: 'POST',
      body: HANDSHAKE,
      headers: { Authorization: SECRET },
    });
    expect(response.status).toBe(201);
    expect((await fetch(url)).status).toBe(401);
  });

  it('responds 500 and warns when the body is gone', async () => {
    const { settings } = await world();
    const handler = createWebhookHandler(settings);
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warnings.mockRestore());
    const url = await serve((req, res) => {
      req.resume().on('end', () => handler(req, res));
    });
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(500);
    expect(String(warnings.mock.calls[0]?.[0])).toContain('express.json()');
  });
});

describe('without onError', () => {
  it('warns of everything but what anyone can cause', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warnings.mockRestore());
    const { sends, idle } = await both({
      onError: undefined,
      onNotification: () => {
        throw 'a text';
      },
    });
    const body = notificationBody();
    await sends.viaFetch(body);
    await sends.viaFetch('x'.repeat(1024 * 1024 + 1));
    expect(warnings).not.toHaveBeenCalled();
    await sends.viaFetch(body, signed(KEY, body));
    await sends.viaFetch('x', signed(KEY, 'x'));
    await idle();
    await vi.waitFor(() => expect(warnings).toHaveBeenCalledTimes(2));
    const texts = warnings.mock.calls.map(([warning]) => (warning as WebhookError).message ?? warning);
    expect(texts).toEqual(expect.arrayContaining(['a text', expect.stringContaining('cannot be read')]));
  });
});

describe('a serverless function', () => {
  it('is kept alive until the app is done', async () => {
    const { settings, received } = await world();
    const works: Promise<void>[] = [];
    const handler = createFetchWebhookHandler({ ...settings, waitUntil: (work) => void works.push(work) });
    const body = notificationBody();
    const request = () =>
      new Request('https://app.example/', { method: 'POST', body, headers: signed(KEY, body) });
    expect((await handler(request())).status).toBe(204);
    expect(received).toEqual([]);
    await works[0];
    expect(received).toHaveLength(1);
  });
});

describe('the options', () => {
  it.each([
    [{ secret: '' }, /^"secret" must be/],
    [{ onNotification: undefined }, /^"onNotification" must be a function/],
    [{ onError: 5 }, /^"onError" must be a function/],
    [{ userID: 'id' }, /^"userID" must be a function/],
    [{ tokens: {} }, /^"tokens" must be an object with a method "refresh"/],
    [{ tokens: null }, /^"tokens" must be an object with a method "refresh"/],
    [{ seen: new Set([1]).values() }, /^"seen" must be an object with a method "add"/],
    [{ concurrency: 0 }, /^"concurrency" must be a whole number, 1 or more/],
    [{ concurrency: 1.5 }, /^"concurrency" must be a whole number, 1 or more/],
    [{ maxPending: '5' }, /^"maxPending" must be a whole number, 1 or more/],
    [{ bodyTimeout: 0 }, /^"bodyTimeout" must be a positive number/],
    [{ allowMissingAuthorization: 'yes' }, /^"allowMissingAuthorization" must be true or false/],
    [{ keysURL: 'x' }, /^"keysURL" must be an absolute URL/],
    [{ waitUntil: 5 }, /^"waitUntil" must be a function/],
  ])('are refused by name: %j', (wrong, message) => {
    const options = { secret: SECRET, onNotification: () => {}, ...wrong };
    expect(() => Reflect.apply(createFetchWebhookHandler, undefined, [options])).toThrow(message);
  });

  it('must be an object', () => {
    expect(() => Reflect.apply(createWebhookHandler, undefined, [])).toThrow('"options" must be an object');
  });
});

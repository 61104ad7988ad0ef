import { getEventListeners, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveClient } from '../../lib/client/provider.ts';
import { refreshTokens } from '../../lib/client/token-endpoint.ts';
import { fitbit } from '../../lib/fitbit/endpoints.ts';

const TOKENS = JSON.stringify({ access_token: 'new', refresh_token: 'next', user_id: 'ME' });

let requests: http.ServerResponse[];
/** What the server does with each request, counted from 1; by default it waits until the test responds. */
let respond: (res: http.ServerResponse, number: number) => void;
let arrived: () => void = () => {};
const server = http.createServer((req, res) => {
  req.resume().on('end', () => {
    requests.push(res);
    respond(res, requests.length);
    arrived();
  });
});
let tokenURL: string;

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  tokenURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = [];
  respond = () => {};
});

/** Resolves with the response to the request of this number, counted from 1, as soon as it has come. */
async function request(number: number): Promise<http.ServerResponse> {
  while (requests.length < number) {
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
  return requests[number - 1] as http.ServerResponse;
}

/** @param refreshRepeatWindow how long the provider repeats its response, ms */
function refresh(signal?: AbortSignal, refreshRepeatWindow: number = fitbit.refreshRepeatWindow) {
  const client = resolveClient({ ...fitbit, refreshRepeatWindow }, { clientID: 'CID', tokenURL });
  return refreshTokens(client, 'old', signal ? { signal } : {});
}

const settled = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('a refresh', () => {
  it.each(Array.from({ length: 12 }, (_, index) => [index]))(
    'is shared by all calls that come after an abort, even %i microtasks later',
    async (ticks) => {
      const controller = new AbortController();
      const abandoned = settled(refresh(controller.signal));
      await request(1);
      controller.abort();
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      const second = refresh();
      await abandoned;
      await new Promise((resolve) => setTimeout(resolve, 20)); // the aborted request has ended by then
      const third = refresh();
      respond = (res) => res.end(TOKENS);
      for (const waiting of requests) waiting.end(TOKENS);
      expect(await second).toMatchObject({ accessToken: 'new' });
      expect(await third).toBe(await second);
    },
  );

  it('that is aborted says so', async () => {
    const controller = new AbortController();
    const aborted = settled(refresh(controller.signal));
    await request(1);
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'aborted', message: 'The refresh was aborted' });
    expect(await settled(refresh(controller.signal))).toMatchObject({ message: 'The refresh was aborted' });
  });

  it.each([
    ['succeeded', 200],
    ['was refused', 400],
  ])('leaves no listener on a signal after it %s', async (_, status) => {
    const { signal } = new AbortController();
    const call = settled(refresh(signal));
    const response = await request(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    response.writeHead(status).end(TOKENS);
    await call;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('whose repetition loses its connection keeps the reason for that as its cause', async () => {
    respond = (res, number) => (number === 1 ? res.writeHead(503).end() : res.destroy());
    expect(await settled(refresh())).toMatchObject({ code: 'connection', cause: { code: 'ECONNRESET' } });
  });

  it("does not wait for a repetition that would come after the end of the provider's window", async () => {
    // A repetition has to be sent 20 seconds before the end, and comes after a pause of 125 ms at least.
    const call = settled(refresh(undefined, 20_060));
    const response = await request(1);
    const begin = performance.now();
    response.writeHead(503).end();
    expect(await call).toMatchObject({ httpStatus: 503 });
    expect(performance.now() - begin).toBeLessThan(125);
    expect(requests).toHaveLength(1);
  });
});

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FitbitClient, refresh } from 'passport-fitbit-strategy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from './fixtures.ts';

// A real server: it sees whether a request that nobody waits for is still under way.
const closed: string[] = [];
let waiting: http.ServerResponse[] = [];
let arrived: () => void = () => {};
const server = http.createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    res.on('close', () => {
      if (!res.writableFinished) closed.push(Buffer.concat(chunks).toString());
    });
    waiting.push(res);
    arrived();
  });
});
let client: FitbitClient;

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  client = { clientID: 'CID', tokenURL: `http://127.0.0.1:${port}/token` };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  waiting = [];
  closed.length = 0;
});

/** Resolves when the server has got one more request. */
function arrival(): Promise<void> {
  return new Promise((resolve) => {
    arrived = resolve;
  });
}

describe('refresh', () => {
  it('aborts its request when the last of its callers aborts, and not before', async () => {
    const controllers = [new AbortController(), new AbortController()] as const;
    const came = arrival();
    const [first, second] = controllers.map(({ signal }) =>
      refresh(client, 'old', { signal }).catch((error: unknown) => error),
    );
    await came;
    controllers[0].abort();
    expect(await first).toMatchObject({ code: 'aborted' });
    expect(waiting[0]?.destroyed).toBe(false);

    const close = once(waiting[0] as http.ServerResponse, 'close');
    controllers[1].abort();
    expect(await second).toMatchObject({ code: 'aborted' });
    await close;
    expect(closed).toEqual(['grant_type=refresh_token&refresh_token=old&client_id=CID']);
    expect(waiting).toHaveLength(1);
  });

  it('sends a new request after one that was aborted', async () => {
    const controller = new AbortController();
    const came = arrival();
    const given = refresh(client, 'old', { signal: controller.signal }).catch((error: unknown) => error);
    await came;
    controller.abort();
    expect(await given).toMatchObject({ code: 'aborted' });
    const cameAgain = arrival();
    const again = refresh(client, 'old');
    await cameAgain;
    waiting[1]?.end(fixture('token.json'));
    expect((await again).userID).toBe('26FWFL');
  });

  it('is retried after its deadline', async () => {
    const came = arrival();
    const call = refresh(client, 'old', { timeout: 200 });
    await came;
    const cameAgain = arrival();
    await cameAgain;
    waiting[1]?.end(fixture('token.json'));
    expect((await call).userID).toBe('26FWFL');
    expect(closed).toHaveLength(1);
  });
});

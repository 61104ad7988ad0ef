// What a request sends, and when it is sent again; on bare sockets.
import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpRequest, request } from '../../lib/client/http.ts';
import { answers, answersJSON, type Fault, type FaultyServer, start } from '../support/faulty-server.ts';

const agents: http.Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

function send(server: FaultyServer, change: Partial<HttpRequest> = {}) {
  return request({
    method: 'GET',
    url: `${server.url}/me`,
    headers: {},
    operation: 'profile',
    timeout: 5000,
    ...change,
  });
}

describe('a request', () => {
  it('derives Host, Content-Length and Transfer-Encoding, and leaves out headers without a value', async () => {
    const server = await start(answersJSON({}));
    const headers = {
      host: 'evil.example',
      'Content-Length': '1',
      'Transfer-Encoding': 'chunked',
      'X-None': undefined,
      'X-App': 'yes',
    };
    await send(server, { method: 'POST', headers, body: 'grant_type=x' });
    const [received] = server.requests;
    expect(received).toMatchObject({
      body: 'grant_type=x',
      headers: { host: new URL(server.url).host, 'content-length': '12', 'x-app': 'yes' },
    });
    expect(received?.headers).not.toHaveProperty('transfer-encoding');
    expect(received?.headers).not.toHaveProperty('x-none');
  });

  it.each(['GET', 'DELETE', 'POST', 'PATCH'])('announces its body, in bytes: %s', async (method) => {
    const server = await start(answersJSON({}));
    await send(server, { method, body: 'Zoë' });
    expect(server.requests[0]?.headers).toMatchObject({ 'content-length': '4' });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [400, 'a\ufffdb'],
    [500, 'a\ufffdb'],
  ])('resolves with an error response that is not UTF-8: %i', async (status, body) => {
    const server = await start(answers(status, Uint8Array.of(0x61, 0xff, 0x62)));
    expect(await send(server)).toMatchObject({ status, body });
  });

  it('on a reused connection is not sent again after it was aborted', async () => {
    const responses: Fault[] = [answersJSON({})]; // only the first gets one
    const server = await start({
      answer: (socket, received) => responses.shift()?.answer?.(socket, received),
    });
    const agent = new http.Agent({ keepAlive: true });
    agents.push(agent);
    await send(server, { agent });
    const controller = new AbortController();
    const aborted = send(server, { agent, signal: controller.signal }).catch((error: unknown) => error);
    await expect.poll(() => server.requests.map(({ connection }) => connection)).toEqual([1, 1]);
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'aborted' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toHaveLength(2);
  });
});

import { describe, expect, it, vi } from 'vitest';
import {
  basic,
  bearer,
  exchangeForm,
  fitbitCode,
  fitbitRefresh,
  fitbitTokens,
  get,
  googleRefresh,
  objectOf,
  post,
  refreshForm,
  start,
} from './support.ts';

describe('a fault', () => {
  it('strikes as often as it was set, and then things work again', async () => {
    const simulator = await start();
    const fault = simulator.fail({ endpoint: 'token', with: { status: 503, body: 'down' }, times: 2 });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await fitbitRefresh(simulator, 'x')).status);
    }
    expect(statuses).toEqual([503, 503, 400]);
    expect(fault.remaining).toBe(0);
  });

  it('strikes once unless it is told otherwise', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'token', with: 'html' });
    const answer = await fitbitRefresh(simulator, 'x');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'text/html;charset=UTF-8']);
    expect(await answer.text()).toContain('Maintenance');
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
  });

  it('strikes both providers, or the one it names', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'token', provider: 'google-health', with: 'html' });
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
    expect((await googleRefresh(simulator, 'x')).status).toBe(502);
    simulator.fail({ endpoint: 'token', with: 'html', times: Number.POSITIVE_INFINITY });
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(502);
    expect((await googleRefresh(simulator, 'x')).status).toBe(502);
  });

  it('can be taken back, alone or with all others', async () => {
    const simulator = await start();
    const first = simulator.fail({ endpoint: 'token', with: { status: 500 } });
    simulator.fail({ endpoint: 'token', with: { status: 503 } });
    first.clear();
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(503);
    simulator.fail({ endpoint: 'token', with: { status: 500 } });
    simulator.clearFaults();
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
  });

  it('with a response of its own sends text as it is and other values as JSON', async () => {
    const simulator = await start();
    const headers = { 'Retry-After': '7' };
    simulator.fail({ endpoint: 'token', with: { status: 429, body: { error: 'slow_down' }, headers } });
    const limited = await fitbitRefresh(simulator, 'x');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect(limited.headers.get('content-type')).toBe('application/json;charset=UTF-8');
    expect(await limited.json()).toEqual({ error: 'slow_down' });
    simulator.fail({
      endpoint: 'token',
      with: { status: 200, body: 'null', headers: { 'content-type': 'x/y' } },
    });
    const odd = await fitbitRefresh(simulator, 'x');
    expect([odd.status, odd.headers.get('content-type'), await odd.text()]).toEqual([200, 'x/y', 'null']);
  });

  it('that hangs never responds', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'token', with: 'hang' });
    const gaveUp = new AbortController();
    const hanging = fetch(simulator.fitbit.tokenURL, { method: 'POST', signal: gaveUp.signal });
    const answered = vi.fn();
    hanging.then(answered, () => {});
    await vi.waitFor(() => expect(simulator.requests).toHaveLength(1), { interval: 5, timeout: 5000 });
    // Another request comes and goes; this one still has no answer.
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
    expect(answered).not.toHaveBeenCalled();
    gaveUp.abort();
    await expect(hanging).rejects.toMatchObject({ name: 'AbortError' });
    expect(simulator.requests[0]).toMatchObject({ fault: 'hang', status: undefined });
  });

  it('that closes ends the connection without a response', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'token', with: 'close' });
    await expect(fitbitRefresh(simulator, 'x')).rejects.toThrow('fetch failed');
  });

  it('that truncates ends the connection in the middle of the body', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'profile', with: 'truncate' });
    const { access } = await fitbitTokens(simulator);
    const answer = await get(simulator.fitbit.userProfileURL, bearer(access));
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow('terminated');
  });

  it('that only delays sends the right response late', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'token', delay: 40 });
    const before = performance.now();
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
    expect(performance.now() - before).toBeGreaterThan(35);
  });

  it('normally keeps the request from taking effect', async () => {
    const simulator = await start();
    const form = exchangeForm(await fitbitCode(simulator));
    simulator.fail({ endpoint: 'token', with: 'html' });
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(502);
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(200);
  });

  it('with "after" lets the request take effect and loses the response', async () => {
    const simulator = await start({ clock: { stopped: true } });
    const { refresh } = await fitbitTokens(simulator);
    simulator.fail({ endpoint: 'token', with: 'close', after: true });
    await expect(fitbitRefresh(simulator, refresh)).rejects.toThrow();
    // The refresh token is used up, and the lost answer can be asked for again for two minutes.
    const again = await objectOf(await fitbitRefresh(simulator, refresh));
    expect(again.refresh_token).toMatch(/^[0-9a-f]{64}$/);
    simulator.advance({ minutes: 3 });
    expect((await fitbitRefresh(simulator, refresh)).status).toBe(400);
  });

  it('can be combined: an effect, a pause and a response of its own', async () => {
    const simulator = await start();
    const form = exchangeForm(await fitbitCode(simulator));
    simulator.fail({ endpoint: 'token', with: { status: 500 }, after: true, delay: 5 });
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(500);
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(400);
    const { fault } = simulator.requests[0] ?? {};
    expect(fault).toBe('status 500, after 5 ms, once the request has taken effect');
  });

  it('can strike every endpoint', async () => {
    const simulator = await start();
    const { fitbit, googleHealth } = simulator;
    const urls = {
      authorize: [fitbit.authorizationURL, googleHealth.authorizationURL],
      introspect: [fitbit.introspectionURL, googleHealth.introspectionURL],
      revoke: [fitbit.revocationURL, googleHealth.revocationURL],
      profile: [fitbit.userProfileURL, googleHealth.userProfileURL],
      identity: [googleHealth.identityURL],
      userinfo: [googleHealth.userinfoURL],
    } as const;
    for (const endpoint of [
      'authorize',
      'introspect',
      'revoke',
      'profile',
      'identity',
      'userinfo',
    ] as const) {
      for (const url of urls[endpoint]) {
        simulator.fail({ endpoint, with: { status: 418 } });
        expect([endpoint, (await get(url)).status]).toEqual([endpoint, 418]);
      }
    }
  });

  it('goes before the 410 of a shutdown', async () => {
    const simulator = await start();
    simulator.shutDownFitbit();
    simulator.fail({ endpoint: 'token', with: { status: 500 } });
    expect((await post(simulator.fitbit.tokenURL, refreshForm('x'))).status).toBe(500);
  });
});

describe('a fault that makes no sense is refused by name', () => {
  it.each([
    [{ endpoint: 'tokens', with: 'hang' }, '"endpoint" must be one of'],
    [{ endpoint: 'token', provider: 'google', with: 'hang' }, '"provider" must be one of'],
    [
      { endpoint: 'identity', provider: 'fitbit', with: 'hang' },
      '"endpoint" must not be "identity" for Fitbit',
    ],
    [{ endpoint: 'token', with: 'explode' }, '"with" must be one of'],
    [{ endpoint: 'token' }, '"with" or "delay"'],
    [{ endpoint: 'token', with: { status: 99 } }, '"with.status" must be an integer from 200 to 599'],
    [{ endpoint: 'token', with: { status: 200.5 } }, '"with.status"'],
    [{ endpoint: 'token', with: { status: 200, headers: { 'x-y': 1 } } }, '"with.headers.x-y"'],
    [{ endpoint: 'token', with: { status: 200, headers: 'x' } }, '"with.headers" must be an object'],
    [{ endpoint: 'token', with: { code: 200 } }, '"with" has no field "code"'],
    [{ endpoint: 'token', with: 'hang', times: 0 }, '"times" must be an integer from 1'],
    [{ endpoint: 'token', with: 'hang', delay: -1 }, '"delay"'],
    [{ endpoint: 'token', with: 'hang', after: 1 }, '"after" must be true or false'],
    [{ endpoint: 'token', with: 'hang', time: 1 }, 'has no field "time"'],
    [null, 'the fault must be an object'],
  ])('%j', async (options, message) => {
    const simulator = await start();
    expect(() => Reflect.apply(simulator.fail, simulator, [options])).toThrow(TypeError);
    expect(() => Reflect.apply(simulator.fail, simulator, [options])).toThrow(message);
  });
});

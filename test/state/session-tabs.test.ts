import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session, { MemoryStore, type SessionData } from 'express-session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionStateStore } from '../../lib/state/session.ts';
import { WebClient } from '../examples/web-client.ts';

const META = { authorizationURL: 'https://p.example/a', tokenURL: 'https://p.example/t', clientID: 'id' };

/** A session store as far away as a database: every call takes a while. */
class DistantStore extends MemoryStore {
  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    super.get(sid, (error, found) => setTimeout(callback, 5, error, found));
  }
  override set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    setTimeout(() => super.set(sid, data, callback), 5);
  }
}

describe.each([
  ['in memory', () => new MemoryStore()],
  ['far away', () => new DistantStore()],
])('Tabs of one browser, with a session store that is %s', (_name, makeStore) => {
  let server: Server;
  let browser: WebClient;
  let exchange: Promise<void>; // what a callback waits for after its state was taken

  beforeEach(async () => {
    const states = new SessionStateStore('key');
    const app = express();
    app.use(session({ secret: 's', resave: false, saveUninitialized: true, store: makeStore() }));
    app.get('/', (_req, res) => res.send('hello'));
    app.get('/start', (req, res, next) => {
      states.store(req, 'verifier', undefined, META, (error, state) =>
        error ? next(error) : res.send(state),
      );
    });
    app.get('/callback', (req, res, next) => {
      states.verify(req, String(req.query.state), META, async (error, ok, info) => {
        if (error || !ok) return error ? next(error) : res.send(info);
        await exchange;
        res.send(ok);
      });
    });
    server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    exchange = Promise.resolve();
    browser = new WebClient();
    await get('/');
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const get = async (path: string) =>
    (await browser.get(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)).html;
  const start = () => get('/start');
  const finish = (state: string) => get(`/callback?state=${state}`);

  it('keep all logins that start at the same moment', async () => {
    const states = await Promise.all(Array.from({ length: 5 }, start));
    for (const state of states.reverse()) expect(await finish(state)).toBe('verifier');
  });

  it('complete a login once, even if its callback comes twice at the same moment', async () => {
    const state = await start();
    const outcomes = await Promise.all([finish(state), finish(state)]);
    expect(outcomes.filter((outcome) => outcome === 'verifier')).toHaveLength(1);
  });

  it('keep a login that starts while another one is being finished', async () => {
    const first = await start();
    let go = () => {};
    exchange = new Promise((resolve) => {
      go = resolve;
    });
    const finished = finish(first);
    const second = await start();
    go();
    expect(await finished).toBe('verifier');
    expect(await finish(second)).toBe('verifier');
  });
});

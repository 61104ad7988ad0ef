// State stores that are typed by passport-oauth2, and one that keeps the code verifier.
import type { Request } from 'express';
import { CookieStateStore, FitbitStrategy, type StateMeta, type StateStore } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import type {
  Metadata,
  StateStore as PassportStateStore,
  StateStoreStoreCallback,
  StateStoreVerifyCallback,
} from 'passport-oauth2';

class Upstream implements PassportStateStore {
  store(req: Request, callback: StateStoreStoreCallback): void;
  store(req: Request, meta: Metadata, callback: StateStoreStoreCallback): void;
  store(
    _req: Request,
    metaOrCallback: Metadata | StateStoreStoreCallback,
    callback?: StateStoreStoreCallback,
  ): void {
    (callback ?? (metaOrCallback as StateStoreStoreCallback))(null, 'state');
  }
  verify(req: Request, state: string, callback: StateStoreVerifyCallback): void;
  verify(req: Request, state: string, meta: Metadata, callback: StateStoreVerifyCallback): void;
  verify(
    _req: Request,
    state: string,
    metaOrCallback: Metadata | StateStoreVerifyCallback,
    callback?: StateStoreVerifyCallback,
  ): void {
    (callback ?? (metaOrCallback as StateStoreVerifyCallback))(null, state === 'state', undefined);
  }
}

class WithVerifier implements StateStore {
  store(
    req: Request,
    verifier: string | undefined,
    appState: unknown,
    meta: StateMeta,
    callback: (error: Error | null, state?: string) => void,
  ): void {
    callback(null, [req.ip, verifier, meta.clientID, typeof appState].join());
  }
  verify(
    _req: Request,
    _state: string | undefined,
    _meta: StateMeta,
    callback: (error: Error | null, ok?: string | boolean, info?: unknown) => void,
  ): void {
    callback(null, 'verifier', { returnTo: '/' });
  }
}

const client = { clientID: 'id', clientSecret: 'secret' };
declare const upstream: PassportStateStore;
for (const store of [
  new Upstream(),
  upstream,
  new WithVerifier(),
  new CookieStateStore({ secret: 'x'.repeat(32) }),
]) {
  new FitbitStrategy({ ...client, store }, (_access, _refresh, profile, done) =>
    done(null, { id: profile.id }),
  );
  new GoogleHealthStrategy({ ...client, store, verify: ({ profile }) => ({ id: profile.id }) });
}
// @ts-expect-error not a store
new FitbitStrategy({ ...client, store: { get: () => undefined } }, () => {});

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Request } from 'express';
import type { CookieStateStore } from 'passport-fitbit-strategy';

export const meta = {
  authorizationURL: 'https://p.example/authorize',
  tokenURL: 'https://p.example/token',
  clientID: 'id',
};

/** A browser's cookie jar and the requests that it sends. */
export class CookieBrowser {
  readonly cookies = new Map<string, string>();
  setCookies: string[] = [];

  request(): Request {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const req = { headers: { cookie } } as IncomingMessage;
    const res = new ServerResponse(req);
    return Object.assign(req, { res }) as unknown as Request;
  }

  take(req: Request): void {
    this.setCookies = [req.res?.getHeader('set-cookie') ?? []].flat().map(String);
    for (const line of this.setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0\b/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  async store(store: CookieStateStore, appState?: unknown, verifier?: string): Promise<string> {
    const req = this.request();
    const state = await new Promise<string>((resolve, reject) => {
      store.store(req, verifier, appState, meta, (error, value) =>
        error ? reject(error) : resolve(value ?? ''),
      );
    });
    this.take(req);
    return state;
  }

  async verify(store: CookieStateStore, state: string | undefined, about = meta) {
    const req = this.request();
    const result = await new Promise<{ ok: unknown; info: unknown }>((resolve, reject) => {
      store.verify(req, state, about, (error, ok, info) => (error ? reject(error) : resolve({ ok, info })));
    });
    this.take(req);
    return result;
  }
}

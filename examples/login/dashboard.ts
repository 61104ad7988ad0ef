import { promisify } from 'node:util';
import { type Request, type Response, Router } from 'express';
import { OAuthError, type TokenSet } from 'passport-fitbit-strategy';
import type { Account, Accounts } from './accounts.ts';
import { accountOf } from './auth.ts';
import { noticeFor, reauthorizeCode } from './problems.ts';
import { findProvider, type Provider } from './providers.ts';

/** What the last button brought: shown once. */
export interface Result {
  ok: boolean;
  title: string;
  text: string;
  facts?: [name: string, value: string, kind?: 'time'][];
}

declare module 'express-session' {
  interface SessionData {
    result?: Result;
  }
}

/** The signed-in person's page and its buttons. */
export function dashboard(providers: readonly Provider[], accounts: Accounts): Router {
  const router = Router();

  router.get('/dashboard', async (req, res) => {
    const account = accountOf(req);
    if (account === undefined) return res.redirect('/?problem=sign_in');
    const provider = findProvider(providers, account.provider);
    let { result } = req.session;
    delete req.session.result;
    let tokens: TokenSet | undefined;
    try {
      tokens = await provider.tokens.tokens(account.id); // refreshed if need be
    } catch (error) {
      const code = reauthorizeCode(error);
      if (code !== undefined) return signOut(account, req, res, code);
      result = failed(error, provider);
    }
    res.render('dashboard', {
      title: account.displayName,
      account,
      provider,
      result,
      expiresAt: tokens?.expiresAt,
      scopes: tokens?.scope.map(scopeName) ?? [],
      refreshed: provider.refreshed.get(account.id),
    });
  });

  onButton('/tokens/refresh', async ({ id }, provider) => {
    const { refreshToken } = await provider.tokens.tokens(id);
    if (refreshToken === undefined) {
      return {
        ok: false,
        title: 'Nothing to refresh with',
        text: `${provider.label} gave no refresh token.`,
      };
    }
    const tokens = await provider.refresh(refreshToken);
    await provider.tokens.save(id, tokens); // before anything else: Fitbit's refresh tokens work once
    return {
      ok: true,
      title: 'Refreshed',
      text: `${provider.label} answered with new tokens. They are kept on the server.`,
      facts: [
        ['Access token', `ends in …${tokens.accessToken.slice(-4)}`],
        ['Refresh token', tokens.refreshToken === refreshToken ? 'the same as before' : 'replaced'],
        ['Scopes', tokens.scope.map(scopeName).join(', ')],
      ],
    };
  });

  onButton('/tokens/introspect', async (account, provider) => {
    const info = await provider.introspect(await provider.tokens.accessToken(account.id));
    if (!info.active) {
      const text = `${provider.label} says that this access token has expired or was revoked. A refresh brings a new one.`;
      return { ok: false, title: 'Not active', text };
    }
    const scopes = Array.isArray(info.scope)
      ? info.scope.map(scopeName)
      : Object.entries(info.scope).map(([name, access]) => `${scopeName(name)} (${access})`);
    return {
      ok: true,
      title: 'Active',
      text: `${provider.label} says that this access token is good.`,
      facts: [
        ['User', info.userID ?? account.userID],
        ['Client', info.clientID],
        ['Scopes', scopes.join(', ')],
        ['Valid until', info.expiresAt.toISOString(), 'time'],
      ],
    };
  });

  onButton('/tokens/revoke', async (account, provider, req, res) => {
    await provider.tokens.remove(account.id, { revoke: provider.revoke });
    accounts.remove(account.id);
    await signOut(account, req, res, 'revoked');
    return undefined;
  });

  router.post('/sign-out', async (req, res) => {
    await promisify(req.logOut).call(req);
    res.redirect(303, '/?problem=signed_out');
  });

  return router;

  /** A button: does something for the signed-in person, then shows the dashboard with what came back. */
  function onButton(
    path: string,
    act: (account: Account, provider: Provider, req: Request, res: Response) => Promise<Result | undefined>,
  ): void {
    router.post(path, async (req, res) => {
      const account = accountOf(req);
      if (account === undefined) return res.redirect(303, '/?problem=sign_in');
      const provider = findProvider(providers, account.provider);
      try {
        const result = await act(account, provider, req, res);
        if (result === undefined) return;
        req.session.result = result;
      } catch (error) {
        // The consent is gone, whatever the reason: nothing but a new sign-in helps.
        const code = reauthorizeCode(error);
        if (code !== undefined) return signOut(account, req, res, code);
        req.session.result = failed(error, provider);
      }
      await promisify(req.session.save).call(req.session); // before the browser comes back for it
      res.redirect(303, '/dashboard');
    });
  }
}

async function signOut(account: Account, req: Request, res: Response, code: string): Promise<void> {
  await promisify(req.logOut).call(req);
  res.redirect(303, `/?problem=${code}&at=${account.provider}`);
}

/** What a call brought that failed for now. */
function failed(error: unknown, provider: Provider): Result {
  if (!(error instanceof OAuthError)) throw error;
  return { ok: false, ...noticeFor(error.code, provider.label) };
}

const SCOPE_NAMES = new Map([
  ['openid', 'sign-in'],
  ['https://www.googleapis.com/auth/userinfo.profile', 'name and picture'],
  ['https://www.googleapis.com/auth/userinfo.email', 'e-mail address'],
]);

/** A scope for people: `…/auth/googlehealth.heart_data.readonly` is `heart data`. */
function scopeName(scope: string): string {
  const short = scope.replace(/^https:.*\/googlehealth\.(\w+)\.readonly$/, '$1').replaceAll('_', ' ');
  return SCOPE_NAMES.get(scope) ?? short;
}

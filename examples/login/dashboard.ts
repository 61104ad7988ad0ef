import { type Request, type Response, Router } from 'express';
import { OAuthError } from 'passport-fitbit-strategy';
import type { Account, Accounts } from './accounts.ts';
import { accountOf } from './auth.ts';
import { noticeFor, reauthorizeCode } from './problems.ts';
import type { Provider } from './providers.ts';

/** What the last button brought, shown once. */
interface Result {
  ok: boolean;
  title: string;
  text: string;
  facts?: [name: string, value: string][];
}

declare module 'express-session' {
  interface SessionData {
    result?: Result;
  }
}

/** The signed-in person's page and its buttons. */
export function dashboard(providers: readonly Provider[], accounts: Accounts): Router {
  const router = Router();

  router.get('/dashboard', (req, res) => {
    const account = accountOf(req);
    if (account === undefined) return res.redirect('/?problem=sign_in');
    const { result } = req.session;
    delete req.session.result;
    const { tokens } = account;
    res.render('dashboard', {
      title: account.displayName,
      account,
      provider: providerOf(account),
      result,
      expiresAt: tokens.expiresAt,
      scopes: tokens.scope.map(scopeName),
    });
  });

  onButton('/tokens/refresh', async (account, provider) => {
    const { refreshToken } = account.tokens;
    if (refreshToken === undefined) {
      return {
        ok: false,
        title: 'Nothing to refresh with',
        text: `${provider.label} gave no refresh token.`,
      };
    }
    const tokens = await provider.refresh(refreshToken);
    // Fitbit's refresh tokens work once: keep the new one before anything else.
    account.tokens = tokens;
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
    const info = await provider.introspect(account.tokens.accessToken);
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
        ['Valid until', `${info.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
      ],
    };
  });

  onButton('/tokens/revoke', async (account, provider, req, res) => {
    await provider.revoke(account.tokens.refreshToken ?? account.tokens.accessToken);
    signOut(account, req, res, 'revoked');
    return undefined;
  });

  router.post('/sign-out', (req, res, next) => {
    req.logOut((error) => (error ? next(error) : res.redirect(303, '/?problem=signed_out')));
  });

  return router;

  function providerOf(account: Account): Provider {
    const provider = providers.find(({ name }) => name === account.provider);
    if (provider === undefined) throw new Error(`No provider ${account.provider}`);
    return provider;
  }

  /** A button: does something for the signed-in person, then shows the dashboard with what came back. */
  function onButton(
    path: string,
    act: (account: Account, provider: Provider, req: Request, res: Response) => Promise<Result | undefined>,
  ): void {
    router.post(path, async (req, res) => {
      const account = accountOf(req);
      if (account === undefined) return res.redirect(303, '/?problem=sign_in');
      const provider = providerOf(account);
      try {
        const result = await act(account, provider, req, res);
        if (result === undefined) return;
        req.session.result = result;
      } catch (error) {
        // The consent is gone, whatever the reason: nothing but a new sign-in helps.
        const code = reauthorizeCode(error);
        if (code !== undefined) return signOut(account, req, res, code);
        if (!(error instanceof OAuthError)) throw error;
        const notice = noticeFor(error.code, provider.label);
        req.session.result = { ok: false, title: notice?.title ?? '', text: notice?.text ?? '' };
      }
      // Saved before the browser comes back for it.
      req.session.save((error) => {
        if (error) throw error;
        res.redirect(303, '/dashboard');
      });
    });
  }

  function signOut(account: Account, req: Request, res: Response, code: string): void {
    accounts.remove(account.id);
    req.logOut((error) => {
      if (error) throw error;
      res.redirect(303, `/?problem=${code}&at=${account.provider}`);
    });
  }
}

/** A scope for people: without Google's prefix. */
function scopeName(scope: string): string {
  return scope.replace(/^https:\/\/www\.googleapis\.com\/auth\/(googlehealth\.)?/, '').replaceAll('_', ' ');
}

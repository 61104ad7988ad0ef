import { promisify } from 'node:util';
import { type Request, type Response, Router } from 'express';
import { OAuthError, type TokenSet } from 'passport-fitbit-strategy';
import type { Account, Accounts } from './accounts.ts';
import { accountOf } from './auth.ts';
import type { LivePages } from './live.ts';
import { noticeFor, reauthorizeCode } from './problems.ts';
import { findProvider, type Provider } from './providers.ts';
import { DataError } from './steps.ts';
import { type StepsChart, stepsChart } from './steps-chart.ts';

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
export function dashboard(
  providers: readonly Provider[],
  accounts: Accounts,
  pages: LivePages | undefined,
): Router {
  const router = Router();

  router.get('/dashboard', async (req, res) => {
    const account = accountOf(req);
    if (account === undefined) return res.redirect('/?problem=sign_in');
    const provider = findProvider(providers, account.provider);
    let { result } = req.session;
    delete req.session.result;
    let tokens: TokenSet | undefined;
    let steps: StepsChart | string = STEPS_LATER;
    try {
      tokens = await provider.tokens.tokens(account.id); // refreshed if need be
      steps = await readSteps(account, provider);
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
      steps,
      live: pages !== undefined,
      expiresAt: tokens?.expiresAt,
      scopes: tokens?.scope.map(scopeName) ?? [],
      refreshed: provider.refreshed.get(account.id),
    });
  });

  // The chart alone, for a page that was notified of new steps.
  router.get('/steps', async (req, res) => {
    const account = accountOf(req);
    if (account === undefined) return res.sendStatus(401);
    try {
      const steps = await readSteps(account, findProvider(providers, account.provider));
      res.render('steps', { steps });
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      res.sendStatus(error.reauthorize ? 401 : 503);
    }
  });

  router.get('/steps/events', (req, res) => {
    const account = accountOf(req);
    // 204 ends it: an EventSource tries again after anything else.
    if (account === undefined || pages === undefined) return res.sendStatus(204);
    pages.open(account.id, req, res);
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
    const tokens = await provider.tokens.refresh(id);
    provider.refreshed.delete(id); // The page reports automatic refreshes.
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

const STEPS_LATER = 'Your steps can’t be read right now. Please try again in a moment.';

/** The chart of the last week's steps, or a sentence in its place. */
async function readSteps({ id }: Account, provider: Provider): Promise<StepsChart | string> {
  try {
    return stepsChart(await provider.tokens.use(id, (accessToken) => provider.steps(accessToken)));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return error.status === 403 ? 'You have not allowed Daywalk to read your steps.' : STEPS_LATER;
  }
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

import { promisify } from 'node:util';
import { type Request, type Response, Router } from 'express';
import { OAuthError, type TokenSet } from 'passport-fitbit-strategy';
import type { Account, Accounts } from './accounts.ts';
import { accountOf } from './auth.ts';
import type { LivePages } from './live.ts';
import { noticeFor, reauthorizeCode } from './problems.ts';
import { findProvider, type Provider } from './providers.ts';
import { scopeAndAccess, scopeName } from './scope-names.ts';
import { isGone } from './shutdown.ts';
import { DataError } from './steps.ts';
import { type StepsChart, stepsChart } from './steps-chart.ts';

/** The result of the last button, shown once. */
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

/** Why the chart can't be drawn, and a login that helps. */
export interface StepsNote {
  text: string;
  login?: { href: string; label: string };
}

/** The signed-in user's page and its buttons. */
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
    let steps: StepsChart | StepsNote = STEPS_LATER;
    try {
      tokens = await provider.tokens.tokens(account.id); // refreshed if necessary
      steps = await readSteps(account, provider);
    } catch (error) {
      const code = reauthorizeCode(error);
      if (code !== undefined) return signOut(account, req, res, code);
      result = failed(error, provider);
    }
    const refresh = provider.refreshed.get(account.id);
    res.render('dashboard', {
      title: account.displayName,
      account,
      provider,
      result,
      steps,
      live: pages !== undefined,
      expiresAt: tokens?.expiresAt,
      canRefresh: tokens?.refreshToken !== undefined,
      scopes: tokens?.scope.map(scopeName) ?? [],
      refreshedAt: refresh?.accessToken === tokens?.accessToken ? refresh?.at : undefined,
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
    // 204 ends it: after any other status, an EventSource tries again.
    if (account === undefined || pages === undefined) return res.sendStatus(204);
    pages.open(account.id, req, res);
  });

  onButton('/tokens/refresh', async ({ id }, provider) => {
    const { refreshToken } = await provider.tokens.tokens(id);
    if (refreshToken === undefined) {
      return {
        ok: false,
        title: 'There is no refresh token',
        text: `${provider.label} gave no refresh token. Sign in again to get new tokens.`,
      };
    }
    const tokens = await provider.tokens.refresh(id);
    provider.refreshed.delete(id); // it was not automatic
    return {
      ok: true,
      title: 'Refreshed',
      text: `${provider.label} sent new tokens. Daywalk keeps them on its server.`,
      facts: [
        ['Access token', `ends in …${tokens.accessToken.slice(-4)}`],
        ['Refresh token', tokens.refreshToken === refreshToken ? 'the same as before' : 'replaced'],
        ['Scopes', tokens.scope.map(scopeName).join(', ')],
      ],
    };
  });

  onButton('/tokens/introspect', async (account, provider) => {
    const { accessToken, refreshToken } = await provider.tokens.tokens(account.id);
    const info = await provider.introspect(accessToken);
    if (!info.active) {
      const remedy =
        refreshToken === undefined
          ? 'There is no refresh token, so a refresh can’t help. Please sign in again.'
          : 'Refresh brings a new one, unless you have withdrawn your consent: then you sign in again.';
      const text = `${provider.label} no longer accepts this access token. ${remedy}`;
      return { ok: false, title: 'Not active', text };
    }
    const scopes = Array.isArray(info.scope)
      ? info.scope.map(scopeName)
      : Object.entries(info.scope).map(scopeAndAccess);
    return {
      ok: true,
      title: 'Active',
      text: `${provider.label} accepts this access token.`,
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

  /** A button's route: does something for the signed-in user, then shows the dashboard with the result. */
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
        // The consent is gone: only a new sign-in helps.
        const code = reauthorizeCode(error);
        if (code !== undefined) return signOut(account, req, res, code);
        req.session.result = failed(error, provider);
      }
      await promisify(req.session.save).call(req.session); // before the browser requests the page
      res.redirect(303, '/dashboard');
    });
  }
}

async function signOut(account: Account, req: Request, res: Response, code: string): Promise<void> {
  await promisify(req.logOut).call(req);
  res.redirect(303, `/?problem=${code}&at=${account.provider}`);
}

const STEPS_LATER: StepsNote = { text: 'Your steps can’t be read right now. Please try again in a moment.' };

const STEPS_MOVED: StepsNote = { text: 'Your steps are on Google Health now.' };

/** The chart of the last week's steps, or a note in its place. */
async function readSteps({ id }: Account, provider: Provider): Promise<StepsChart | StepsNote> {
  try {
    return stepsChart(await provider.tokens.use(id, (accessToken) => provider.steps(accessToken)));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    if (isGone(error)) return STEPS_MOVED;
    if (error.status !== 403) return STEPS_LATER;
    const login = { href: `/auth/${provider.name}`, label: 'Change what you share' };
    return { text: 'You have not allowed Daywalk to read your steps.', login };
  }
}

/** The result of a call that may succeed later. */
function failed(error: unknown, provider: Provider): Result {
  if (!(error instanceof OAuthError)) throw error;
  const { title, text } = noticeFor(error.code, provider.label);
  return { ok: false, title, text };
}

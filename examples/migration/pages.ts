import { type RequestHandler, Router } from 'express';
import { OAuthError, refresh as refreshFitbit } from 'passport-fitbit-strategy';
import { refresh as refreshGoogle } from 'passport-fitbit-strategy/google-health';
import type { Config } from './app.ts';
import { accountOf } from './auth.ts';

/**
 * The pages and their buttons.
 *
 * @param startConnecting sends the user to Google, to connect again
 */
export function pages({ simulator, accounts, log }: Config, startConnecting: RequestHandler): Router {
  const router = Router();

  router.get('/', (req, res) => {
    if (accountOf(req)) return res.redirect('/home');
    res.render('start', { title: 'Sign in' });
  });

  const signedIn: RequestHandler = (req, res, next) => (accountOf(req) ? next() : res.redirect(303, '/'));

  router.get('/home', signedIn, (req, res) => {
    res.render('home', { title: 'Your goal', saved: req.query.saved === 'yes' });
  });

  router.post('/goal', signedIn, (req, res) => {
    const { goal } = req.body;
    const account = accountOf(req);
    if (account && typeof goal === 'string') accounts.saveGoal(account.id, goal.slice(0, 200));
    res.redirect(303, '/home?saved=yes');
  });

  // Stands for any use of the tokens, such as reading steps.
  router.post('/refresh', signedIn, async (req, res, next) => {
    const account = accountOf(req);
    if (!account?.refreshToken) return startConnecting(req, res, next);
    try {
      const tokens =
        account.oauthType === 'fitbit'
          ? await refreshFitbit(simulator.fitbit, account.refreshToken)
          : await refreshGoogle(simulator.googleHealth, account.refreshToken);
      accounts.saveRefreshedTokens(account, tokens);
      res.redirect(303, '/home?saved=yes');
    } catch (error) {
      if (!(error instanceof OAuthError) || !error.reauthorize) throw error;
      // The consent is gone, with Fitbit's shutdown or before: ask for a new one, instead of showing an error.
      log(`Account ${account.id} has to connect again: ${error.code}`);
      startConnecting(req, res, next);
    }
  });

  router.post('/sign-out', (req, res, next) => {
    req.logOut((error) => (error ? next(error) : res.redirect(303, '/')));
  });

  router.post('/simulator/shut-down-fitbit', (req, res) => {
    simulator.shutDownFitbit();
    req.app.locals.fitbitIsOver = true;
    res.redirect(303, accountOf(req) ? '/home' : '/');
  });

  return router;
}

import { Router } from 'express';
import type { Simulator } from 'passport-fitbit-strategy/simulator';
import { accountOf } from './auth.ts';

/** The dashboard's simulator box. An app with real users has nothing of the kind. */
export function simulatorBox(simulator: Simulator): Router {
  const router = Router();

  router.post('/simulator/advance', (req, res) => {
    simulator.advance({ hours: 8 });
    // The simulator moves its own clock, this computer's stays: so what we keep gets eight hours older.
    const account = accountOf(req);
    if (account !== undefined)
      account.tokens.expiresAt = new Date(account.tokens.expiresAt.getTime() - 8 * 3_600_000);
    res.redirect(303, '/dashboard');
  });

  router.post('/simulator/shut-down-fitbit', (_req, res) => {
    simulator.shutDownFitbit();
    res.redirect(303, '/dashboard');
  });

  return router;
}

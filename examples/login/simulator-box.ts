import { Router } from 'express';
import type { Simulator } from 'fitbit-simulator';

/** The buttons of the dashboard's simulator box, which an app with real users doesn't have. */
export function simulatorBox(simulator: Simulator): Router {
  const router = Router();

  router.post('/simulator/advance', (req, res) => {
    simulator.advance({ hours: 8 });
    req.session.result = {
      ok: true,
      title: 'Eight hours have passed',
      text: 'Earlier access tokens have expired on the simulator’s clock. Daywalk refreshes them when it needs them.',
    };
    res.redirect(303, '/dashboard');
  });

  router.post('/simulator/shut-down-fitbit', (req, res) => {
    simulator.shutDownFitbit();
    req.session.result = {
      ok: true,
      title: 'Fitbit is off',
      text: 'It now responds to every request with 410 Gone. Undo this on the simulator’s control page.',
    };
    res.redirect(303, '/dashboard');
  });

  router.post('/simulator/reopen-fitbit', (req, res) => {
    simulator.reopenFitbit();
    req.session.result = { ok: true, title: 'Fitbit is open again', text: 'It works as before.' };
    res.redirect(303, '/dashboard');
  });

  return router;
}

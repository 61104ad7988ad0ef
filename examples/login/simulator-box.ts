import { Router } from 'express';
import type { Simulator } from 'fitbit-simulator';

/** The dashboard's simulator box. An app with real users has nothing of the kind. */
export function simulatorBox(simulator: Simulator): Router {
  const router = Router();

  router.post('/simulator/advance', (req, res) => {
    simulator.advance({ hours: 8 });
    req.session.result = {
      ok: true,
      title: 'Eight hours have passed',
      text: 'On the simulator’s clock: an access token from before has expired and is refreshed when it is needed.',
    };
    res.redirect(303, '/dashboard');
  });

  router.post('/simulator/shut-down-fitbit', (req, res) => {
    simulator.shutDownFitbit();
    req.session.result = {
      ok: true,
      title: 'Fitbit has been shut down',
      text: 'From now on its endpoints answer 410 Gone. Its control page can undo that.',
    };
    res.redirect(303, '/dashboard');
  });

  return router;
}

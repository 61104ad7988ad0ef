import { CookieStateStore } from 'passport-fitbit-strategy';
import { startKoa } from './koa-app.mjs';

const store = new CookieStateStore({ secret: 'a secret of the test, long enough to seal', secure: false });

export const start = (simulator) => startKoa(simulator, { store });

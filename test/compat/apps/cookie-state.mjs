import express from 'express';
import session from 'express-session';
import { CookieStateStore } from 'passport-fitbit-strategy';
import { startExpress } from './express-app.mjs';
import { makeStrategies } from './strategies.mjs';

const store = new CookieStateStore({ secret: 'a secret of the test, long enough to seal', secure: false });

export const start = (simulator) =>
  startExpress(
    express,
    session({ secret: 'test', resave: false, saveUninitialized: false }),
    simulator,
    (...args) => makeStrategies(...args, { store }),
  );

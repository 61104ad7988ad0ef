import cookieSession from 'cookie-session';
import express from 'express';
import { startExpress } from './express-app.mjs';

// Passport 0.6 and later call `regenerate` and `save`, which this kind of session does not have.
function passportMethods(req, _res, next) {
  req.session.regenerate ??= (callback) => callback();
  req.session.save ??= (callback) => callback();
  next();
}

export const start = (simulator) =>
  startExpress(express, [cookieSession({ keys: ['test'] }), passportMethods], simulator);

import session from 'express-session';
import express from 'express4';
import { startExpress } from './express-app.mjs';

export const start = (simulator) =>
  startExpress(express, session({ secret: 'test', resave: false, saveUninitialized: false }), simulator);

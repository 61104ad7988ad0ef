import express from 'express';
import session from 'express-session';
import { startExpress } from './express-app.mjs';

export const start = (simulator) =>
  startExpress(express, session({ secret: 'test', resave: false, saveUninitialized: false }), simulator);

import { startKoa } from './koa-app.mjs';

export const start = (simulator) => startKoa(simulator);

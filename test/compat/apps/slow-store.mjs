import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import session from 'express-session';
import { startExpress } from './express-app.mjs';

/** A session store as slow as a Redis far away, whose writes take longer than its reads. */
class SlowStore extends session.Store {
  #sessions = new Map();

  get(id, callback) {
    const found = this.#sessions.get(id);
    sleep(20).then(() => callback(null, found && JSON.parse(found)));
  }

  set(id, data, callback) {
    sleep(80).then(() => {
      this.#sessions.set(id, JSON.stringify(data));
      callback?.(null);
    });
  }

  destroy(id, callback) {
    sleep(40).then(() => {
      this.#sessions.delete(id);
      callback?.(null);
    });
  }
}

export const start = (simulator) =>
  startExpress(
    express,
    session({ secret: 'test', resave: false, saveUninitialized: false, store: new SlowStore() }),
    simulator,
  );

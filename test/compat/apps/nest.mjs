import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Req, Res, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import session from 'express-session';
import { FitbitStrategy } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { state } from './strategies.mjs';

// What TypeScript makes of decorators, by hand.
const method = (prototype, name, ...decorators) => {
  Req()(prototype, name, 0);
  Res()(prototype, name, 1);
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  for (const decorate of decorators) decorate(prototype, name, descriptor);
};

export async function start(simulator) {
  // The port must be known before the strategies are made.
  const { url, port } = await freePort();

  class Fitbit extends PassportStrategy(FitbitStrategy) {
    constructor() {
      const callbackURL = `${url}/auth/fitbit/callback`;
      super({ ...simulator.fitbit, callbackURL, scope: ['activity', 'profile'] });
    }

    async validate(_accessToken, refreshToken, profile) {
      return { id: profile.id, refreshToken };
    }
  }

  // Its own name, and the request as first parameter.
  class GoogleHealth extends PassportStrategy(GoogleHealthStrategy, 'google') {
    constructor() {
      const callbackURL = `${url}/auth/google-health/callback`;
      super({ ...simulator.googleHealth, callbackURL, passReqToCallback: true });
    }

    async validate(req, _accessToken, refreshToken, profile) {
      if (req.path !== '/auth/google-health/callback') throw new Error('not the request');
      return { id: profile.id, refreshToken };
    }
  }

  class Login {
    startFitbit() {}
    startGoogle() {}

    fitbitCallback(req, res) {
      this.#finish(req, res);
    }

    googleCallback(req, res) {
      this.#finish(req, res);
    }

    me(req, res) {
      res.status(req.session.user ? 200 : 401).json(req.session.user ?? {});
    }

    #finish(req, res) {
      req.session.user = req.user;
      res.redirect(req.authInfo.state.returnTo);
    }
  }
  const { prototype } = Login;
  const guard = (name) => UseGuards(new (AuthGuard(name))({ state }));
  method(prototype, 'startFitbit', Get('auth/fitbit'), guard('fitbit'));
  method(prototype, 'fitbitCallback', Get('auth/fitbit/callback'), guard('fitbit'));
  method(prototype, 'startGoogle', Get('auth/google-health'), guard('google'));
  method(prototype, 'googleCallback', Get('auth/google-health/callback'), guard('google'));
  method(prototype, 'me', Get('me'));

  class App {}
  for (const provider of [Fitbit, GoogleHealth]) Injectable()(provider);
  Controller()(Login);
  Module({ controllers: [Login], providers: [Fitbit, GoogleHealth] })(App);

  const app = await NestFactory.create(App, { logger: ['error'], forceCloseConnections: true });
  app.use(session({ secret: 'test', resave: false, saveUninitialized: false }));
  await app.listen(port, '127.0.0.1');
  return { url, close: () => app.close() };
}

async function freePort() {
  const { createServer } = await import('node:http');
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${port}`, port };
}

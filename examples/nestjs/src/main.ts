import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import session from 'express-session';
import passport from 'passport';
import { AppModule } from './app.module.ts';
import { baseURL, port, secure, sessionSecret } from './config.ts';

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error', 'warn'] });
if (secure) app.set('trust proxy', 1); // the proxy that terminates TLS
app.use(
  session({
    secret: sessionSecret,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure },
  }),
);
app.use(passport.session());
await app.listen(port);
console.log(`Open ${baseURL}`);

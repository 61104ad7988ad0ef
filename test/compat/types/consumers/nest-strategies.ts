// As NestJS's documentation writes a strategy.
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { type FitbitProfile, FitbitStrategy, type VerifyCallback } from 'passport-fitbit-strategy';
import { type GoogleHealthProfile, GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';

@Injectable()
export class Fitbit extends PassportStrategy(FitbitStrategy) {
  constructor() {
    super({ clientID: 'id', clientSecret: 'secret', callbackURL: '/callback', scope: ['activity'] });
  }

  async validate(_accessToken: string, refreshToken: string, profile: FitbitProfile) {
    return { id: profile.id, refreshToken };
  }
}

@Injectable()
export class GoogleHealth extends PassportStrategy(GoogleHealthStrategy, 'google') {
  constructor() {
    super({ clientID: 'id', clientSecret: 'secret', callbackURL: '/callback', passReqToCallback: true });
  }

  async validate(req: Request, _accessToken: string, _refreshToken: string, profile: GoogleHealthProfile) {
    return { id: profile.id, ip: req.ip };
  }

  override authorizationParams(options: any): object {
    return { ...super.authorizationParams(options), hd: 'app.example' };
  }
}

@Injectable()
export class WithDone extends PassportStrategy(FitbitStrategy, 'fitbit') {
  constructor() {
    super({ clientID: 'id', clientSecret: 'secret', callbackURL: '/callback', state: true });
  }

  async validate(_accessToken: string, _refreshToken: string, profile: FitbitProfile, done: VerifyCallback) {
    done(null, { id: profile.id });
  }
}

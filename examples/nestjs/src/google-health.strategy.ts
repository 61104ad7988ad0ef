import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { type GoogleHealthProfile, GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { baseURL, client } from './config.ts';

declare global {
  namespace Express {
    interface User {
      id: string;
      name: string;
    }
  }
}

@Injectable()
export class GoogleHealth extends PassportStrategy(GoogleHealthStrategy) {
  constructor() {
    super({
      ...client,
      callbackURL: `${baseURL}/auth/google-health/callback`,
      scope: ['openid', 'profile', 'profile.readonly'],
    });
  }

  /** Find or create your user here. */
  async validate(
    _accessToken: string,
    _refreshToken: string | undefined,
    profile: GoogleHealthProfile,
  ): Promise<Express.User> {
    return { id: profile.id, name: profile.displayName };
  }
}

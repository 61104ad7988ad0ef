// biome-ignore-all lint/suspicious/noExplicitAny: apps write it
// Strategies of an app's own, which override passport-oauth2's hooks.
import type { Request } from 'express';
import type { Profile } from 'passport';
import { FitbitStrategy, type VerifyCallback } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';

const client = { clientID: 'id', clientSecret: 'secret' };

export class Untyped extends FitbitStrategy {
  constructor() {
    super(client, (_access, _refresh, profile, done) => done(null, { id: profile.id }));
    this.name = 'untyped';
  }
  override authenticate(req: Request, options?: any): void {
    super.authenticate(req, { ...options, scope: ['sleep'] });
  }
  override authorizationParams(options: any): object {
    return { ...super.authorizationParams(options), ui_locales: options.locale };
  }
  override tokenParams(options: any): object {
    return { ...super.tokenParams(options), resource: options.resource };
  }
  override userProfile(accessToken: string, done: (error?: unknown, profile?: any) => void): void {
    this._oauth2.get('https://app.example/profile', accessToken, (error, body) => {
      if (error) return done(error);
      done(null, JSON.parse(String(body)));
    });
  }
  override parseErrorResponse(body: any, status: number): Error | null {
    return status === 418 ? new Error(body) : super.parseErrorResponse(body, status);
  }
}

export class Typed extends FitbitStrategy {
  constructor(
    verify: (accessToken: string, refreshToken: string, profile: Profile, done: VerifyCallback) => void,
  ) {
    super(client, verify);
  }
  override authenticate(req: Request, options?: { state?: string; locale?: string }): void {
    super.authenticate(req, options);
  }
  override authorizationParams(options: { locale: string }): Record<string, string> {
    return { ui_locales: options.locale };
  }
  override tokenParams(): object {
    return {};
  }
  override userProfile(
    accessToken: string,
    done: (error?: Error | null, profile?: { id: string; plan: string }) => void,
  ): void {
    super.userProfile(accessToken, (error, profile) => {
      if (error) return done(error as Error);
      profile.plan = 'free';
      done(null, profile);
    });
  }
}

export class WithVerify extends GoogleHealthStrategy {
  constructor() {
    super({ ...client, verify: async ({ profile }) => ({ id: profile.id }) });
  }
  override authorizationParams(options: Record<string, unknown>): object {
    return { ...super.authorizationParams(options), hd: 'app.example' };
  }
  override tokenParams(options: any): object {
    return options;
  }
  override authenticate(req: Request, options?: any): void {
    super.authenticate(req, { ...options, prompt: 'consent' });
  }
  override userProfile(accessToken: string, done: (error?: unknown, profile?: any) => void): void {
    super.userProfile(accessToken, (error, profile) => done(error, { ...profile, plan: 'free' }));
  }
  override parseErrorResponse(body: any, status: number): Error | null {
    return super.parseErrorResponse(body, status);
  }
}

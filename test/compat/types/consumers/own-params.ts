// Passport's forms with `params`, where the app says what it reads of the token response.
import type { Request } from 'express';
import { type FitbitProfile, FitbitStrategy, type VerifyCallback } from 'passport-fitbit-strategy';
import { type GoogleHealthProfile, GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import type { VerifyFunction, VerifyFunctionWithRequest } from 'passport-oauth2';

interface MyParams {
  user_id: string;
}

const client = { clientID: 'id', clientSecret: 'secret' };
const withRequest = { ...client, passReqToCallback: true } as const;

new FitbitStrategy(
  client,
  (_access: string, _refresh: string, params: MyParams, profile: FitbitProfile, done: VerifyCallback) =>
    done(null, { id: params.user_id || profile.id }),
);
new FitbitStrategy(
  client,
  (
    _access: string,
    _refresh: string,
    params: Record<string, unknown>,
    _profile: FitbitProfile,
    done: VerifyCallback,
  ) => done(null, params),
);
new FitbitStrategy(
  withRequest,
  (
    req: Request,
    _access: string,
    _refresh: string,
    params: MyParams,
    _profile: FitbitProfile,
    done: VerifyCallback,
  ) => done(null, { ip: req.ip, id: params.user_id }),
);
new GoogleHealthStrategy(
  client,
  (_access: string, _refresh: string, params: MyParams, profile: GoogleHealthProfile, done: VerifyCallback) =>
    done(null, { id: params.user_id || profile.id }),
);
new GoogleHealthStrategy(
  withRequest,
  (
    req: Request,
    _access: string,
    _refresh: string,
    params: MyParams,
    _profile: GoogleHealthProfile,
    done: VerifyCallback,
  ) => done(null, { ip: req.ip, id: params.user_id }),
);

// Functions that are typed by passport-oauth2.
declare const verify: VerifyFunction<FitbitProfile, MyParams>;
declare const verifyWithRequest: VerifyFunctionWithRequest<FitbitProfile, MyParams>;
declare const untyped: VerifyFunction;
new FitbitStrategy(client, verify);
new FitbitStrategy(client, untyped);
new FitbitStrategy(withRequest, verifyWithRequest);
new GoogleHealthStrategy(client, untyped);

// Options held in variables.
import {
  FitbitStrategy,
  type FitbitStrategyOptions,
  type FitbitStrategyOptionsWithRequest,
  type FitbitStrategyOptionsWithVerify,
} from 'passport-fitbit-strategy';
import {
  GoogleHealthStrategy,
  type GoogleHealthStrategyOptions,
  type GoogleHealthStrategyOptionsWithRequest,
  type GoogleHealthStrategyOptionsWithVerify,
} from 'passport-fitbit-strategy/google-health';
import type { StrategyOptions, StrategyOptionsWithRequest } from 'passport-oauth2';

const client = { clientID: 'id', clientSecret: 'secret' };

// Of this package.
const fitbit: FitbitStrategyOptions = {
  ...client,
  scope: ['activity', 'a_scope_of_tomorrow'],
  prompt: 'login',
};
const fitbitWithRequest: FitbitStrategyOptionsWithRequest = { ...fitbit, passReqToCallback: true };
const fitbitWithVerify: FitbitStrategyOptionsWithVerify = {
  ...fitbit,
  verify: ({ profile }) => ({ id: profile.id }),
};
new FitbitStrategy(fitbit, (_access, _refresh, profile, done) => done(null, { id: profile.id }));
new FitbitStrategy(fitbitWithRequest, (req, _access, _refresh, profile, done) =>
  done(null, { ip: req.ip, id: profile.id }),
);
new FitbitStrategy(fitbitWithVerify);
new FitbitStrategy({ ...fitbit, verify: async ({ profile }) => ({ id: profile.id }) });

const google: GoogleHealthStrategyOptions = {
  ...client,
  scope: ['profile.readonly'],
  prompt: ['consent', 'select_account'],
};
const googleWithRequest: GoogleHealthStrategyOptionsWithRequest = { ...google, passReqToCallback: true };
const googleWithVerify: GoogleHealthStrategyOptionsWithVerify = {
  ...google,
  verify: ({ profile }) => ({ id: profile.id }),
};
new GoogleHealthStrategy(google, (_access, _refresh, profile, done) =>
  done(null, { id: profile.legacyUserId }),
);
new GoogleHealthStrategy(googleWithRequest, (req, _access, _refresh, profile, done) =>
  done(null, { ip: req.ip, id: profile.id }),
);
new GoogleHealthStrategy(googleWithVerify);

// Of passport-oauth2.
declare const upstream: StrategyOptions;
declare const upstreamWithRequest: StrategyOptionsWithRequest;
new FitbitStrategy(upstream, (_access, _refresh, profile, done) => done(null, { id: profile.id }));
new FitbitStrategy(upstreamWithRequest, (req, _access, _refresh, profile, done) =>
  done(null, { ip: req.ip, id: profile.id }),
);
new GoogleHealthStrategy(upstream, (_access, _refresh, profile, done) => done(null, { id: profile.id }));
new GoogleHealthStrategy(upstreamWithRequest, (req, _access, _refresh, profile, done) =>
  done(null, { ip: req.ip, id: profile.id }),
);

// Refused.
// @ts-expect-error the client id is needed
export const nobody: FitbitStrategyOptions = { clientSecret: 'secret' };
// @ts-expect-error not one of Fitbit's prompts
export const badPrompt: FitbitStrategyOptions = { ...client, prompt: 'select_account' };
// @ts-expect-error "plain" protects nothing
export const plain: FitbitStrategyOptions = { ...client, pkce: 'plain' };
// @ts-expect-error the request comes first under passReqToCallback only
new FitbitStrategy(fitbit, (req, _access, _refresh, _profile, done) => done(null, { ip: req.ip }));
const withoutRequest = (access: string, _refresh: string, _profile: object, _done: object) => access;
// @ts-expect-error and it does come first then
new FitbitStrategy(fitbitWithRequest, withoutRequest);

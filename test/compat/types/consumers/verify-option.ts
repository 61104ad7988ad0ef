// `verify` as an option: everything is inferred.
import type { Request } from 'express';
import {
  type FitbitProfile,
  FitbitStrategy,
  type TokenSet,
  type VerifyLogin,
} from 'passport-fitbit-strategy';
import { type GoogleHealthProfile, GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';

/** Fails to compile unless both types are the same. */
declare function same<A, B>(...proof: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void;

const client = { clientID: 'id', clientSecret: 'secret', callbackURL: '/callback' };

new FitbitStrategy({
  ...client,
  verify: async ({ tokens, profile, state, req }) => {
    same<typeof tokens, TokenSet>();
    same<typeof profile, FitbitProfile>();
    same<typeof state, unknown>();
    same<typeof req, Request>();
    return { id: profile.id, ip: req.ip, token: tokens.accessToken };
  },
});
new GoogleHealthStrategy({
  ...client,
  verify: async ({ profile }) => {
    same<typeof profile, GoogleHealthProfile>();
    return profile.legacyUserId === undefined ? false : { id: profile.id };
  },
});
new FitbitStrategy({
  ...client,
  verify: ({ profile }) => (profile.id === 'ME' ? { id: profile.id } : false),
});
new FitbitStrategy({
  ...client,
  verify: async (login) => (login.profile.id ? { id: login.profile.id } : null),
});
new FitbitStrategy({ ...client, verify: async () => undefined });
const verify: VerifyLogin = async ({ profile }) => ({ id: profile.id }); // for both providers
new FitbitStrategy({ ...client, verify });
new GoogleHealthStrategy({ ...client, verify });

// Refused.
// @ts-expect-error the login has no such property
new FitbitStrategy({ ...client, verify: async ({ accessToken }) => ({ accessToken }) });
// @ts-expect-error neither the option nor the second argument
new FitbitStrategy(client);
// @ts-expect-error both
new FitbitStrategy({ ...client, verify }, (_access, _refresh, _profile, done) => done(null, {}));
const withVerify = { ...client, verify };
// @ts-expect-error both, from a variable
new FitbitStrategy(withVerify, () => {});
// @ts-expect-error the login goes to the option, not to the second argument
new FitbitStrategy(client, async ({ tokens, profile }) => ({ id: profile.id, tokens }));
// @ts-expect-error so does a function that is typed for it
new FitbitStrategy(client, verify);
// @ts-expect-error and one that uses the login as a whole
new FitbitStrategy(client, async (login) => ({ id: login.profile.id }));
// @ts-expect-error the login has the request already
new FitbitStrategy({ ...client, passReqToCallback: true, verify });
// @ts-expect-error as in FitbitStrategy
new GoogleHealthStrategy(client);
// @ts-expect-error as in FitbitStrategy
new GoogleHealthStrategy({ ...client, verify }, (_access, _refresh, _profile, done) => done(null, {}));

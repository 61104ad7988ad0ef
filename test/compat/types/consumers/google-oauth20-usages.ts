// biome-ignore-all lint/suspicious/noExplicitAny: apps write it
// What apps write with @types/passport-google-oauth20. check.mjs compiles this file with that package, too, which
// proves that the usages are the usual ones.
import type { Request } from 'express';
import type { Profile as PassportProfile, PassportStatic } from 'passport';
import {
  type Profile,
  Strategy,
  type StrategyOptions,
  type StrategyOptionsWithRequest,
  type VerifyCallback,
} from 'passport-fitbit-strategy';
import type {
  StrategyOptions as OAuth2Options,
  StrategyOptionsWithRequest as OAuth2OptionsWithRequest,
  Strategy as OAuth2Strategy,
  VerifyCallback as OAuth2VerifyCallback,
  StateStore,
} from 'passport-oauth2';

declare const passport: PassportStatic;
declare function findUser(id: string): Promise<Express.User | undefined>;

const client = { clientID: 'id', clientSecret: 'secret', callbackURL: '/callback' };
const options: StrategyOptions = { ...client, scope: ['profile'] };
const optionsWithRequest: StrategyOptionsWithRequest = { ...options, passReqToCallback: true };

// Nothing annotated.
new Strategy(client, (accessToken, refreshToken, profile, done) => {
  const names: string[] = [accessToken, refreshToken, profile.id, profile.displayName, profile.provider];
  const photo: string | undefined = profile.photos?.[0]?.value;
  const email: string | undefined = profile.emails?.[0]?.value;
  const given: string | undefined = profile.name?.givenName.trim();
  done(null, { names, photo, email, given });
});
new Strategy({ ...client, passReqToCallback: true }, (req, accessToken, refreshToken, profile, done) => {
  done(null, { ip: req.ip, id: profile.id, tokens: [accessToken, refreshToken] });
});
new Strategy(options, (_accessToken, _refreshToken, profile, done) => done(null, { id: profile.id }));
new Strategy(optionsWithRequest, (req, _accessToken, _refreshToken, profile, done) =>
  done(null, { ip: req.ip, id: profile.id }),
);
new Strategy(options, async (_accessToken, _refreshToken, profile, done) => {
  try {
    done(null, (await findUser(profile.id)) ?? false);
  } catch (error) {
    done(error as Error);
  }
});
new Strategy(client, (_accessToken, _refreshToken, profile, done) => {
  findUser(profile.id).then((user) => (user ? done(null, user) : done(null, false)), done);
});
new Strategy(client, (_accessToken, _refreshToken, _profile, done) => done(new Error('no database')));
new Strategy(client, () => {});

// What `done` takes.
new Strategy(client, (_accessToken, _refreshToken, profile, done) => {
  done();
  done(null);
  done(undefined, { id: profile.id });
  done(null, { id: profile.id }, { message: 'Welcome' });
  done(null, false);
  done(null, false, { message: 'No' });
  done('a reason' as unknown);
});

// Annotated, with the types of this package, of passport and of passport-oauth2.
new Strategy(options, (_accessToken: string, _refreshToken: string, profile: Profile, done: VerifyCallback) =>
  done(null, { id: profile.id }),
);
new Strategy(
  options,
  (_accessToken: string, _refreshToken: string, profile: PassportProfile, done: OAuth2VerifyCallback) =>
    done(null, { name: profile.displayName.trim() }),
);
new Strategy(
  options,
  (
    _accessToken: string,
    _refreshToken: string,
    profile: { id: string; displayName: string },
    done: (error: Error | null, user?: Express.User) => void,
  ) => done(null, profile),
);
new Strategy(options, (_accessToken: unknown, _refreshToken: any, profile: any, done: any) =>
  done(null, profile.anything.at.all),
);
new Strategy(
  optionsWithRequest,
  (
    req: Request,
    _accessToken: string,
    _refreshToken: string,
    profile: PassportProfile,
    done: VerifyCallback,
  ) => done(null, { ip: req.ip, id: profile.id }),
);

// With the token response.
new Strategy(
  options,
  (
    _accessToken: string,
    _refreshToken: string,
    params: { scope: string; expires_in: number },
    profile: Profile,
    done: VerifyCallback,
  ) => done(null, { id: profile.id, ...params }),
);
new Strategy(
  options,
  (_accessToken: string, _refreshToken: string, params: any, profile: Profile, done: VerifyCallback) =>
    done(null, { id: profile.id, scope: params.scope }),
);
new Strategy(
  optionsWithRequest,
  (
    req: Request,
    _accessToken: string,
    _refreshToken: string,
    params: { scope: string },
    profile: Profile,
    done: VerifyCallback,
  ) => done(null, { ip: req.ip, id: profile.id, ...params }),
);

// A named function.
function verify(_accessToken: string, _refreshToken: string, profile: Profile, done: VerifyCallback): void {
  done(null, { id: profile.id });
}
new Strategy({ ...client, passReqToCallback: false }, verify);

// A mock, and a function of any type.
declare const mock: (...args: any[]) => any;
declare const anything: any;
new Strategy(client, mock);
new Strategy(optionsWithRequest, mock);
new Strategy(client, anything);
new Strategy(client, async (...args) => args[3](null, { id: args[2].id }));

// Options and a store that are typed by passport-oauth2.
declare const oauth2Options: OAuth2Options;
declare const oauth2OptionsWithRequest: OAuth2OptionsWithRequest;
declare const store: StateStore;
new Strategy(oauth2Options, (_accessToken, _refreshToken, profile, done) => done(null, { id: profile.id }));
new Strategy(oauth2OptionsWithRequest, (req, _accessToken, _refreshToken, profile, done) =>
  done(null, { ip: req.ip, id: profile.id }),
);
new Strategy({ ...client, store, state: true }, verify);

// All that passport-oauth2 has.
new Strategy(
  {
    ...client,
    authorizationURL: 'https://provider.example/authorize',
    tokenURL: 'https://provider.example/token',
    userProfileURL: 'https://provider.example/profile',
    customHeaders: { 'X-App': 'test' },
    scope: 'profile',
    scopeSeparator: ' ',
    sessionKey: 'login',
    state: true,
    skipUserProfile: false,
    pkce: true,
    proxy: true,
  },
  verify,
);
new Strategy({ ...client, skipUserProfile: () => true }, verify);

// A strategy of the app's own.
export class Own extends Strategy {
  constructor() {
    super({ ...client, passReqToCallback: true }, (req, _accessToken, _refreshToken, profile, done) =>
      done(null, { ip: req.ip, id: profile.id }),
    );
    this.name = 'own';
  }
  override authenticate(req: Request, options?: any): void {
    super.authenticate(req, { ...options, scope: ['profile'] });
  }
  override authorizationParams(options: any): object {
    return { ...super.authorizationParams(options), hd: options.hd };
  }
  override tokenParams(options: any): object {
    return { ...super.tokenParams(options), resource: options.resource };
  }
  override userProfile(accessToken: string, done: (error?: unknown, profile?: any) => void): void {
    this._oauth2.useAuthorizationHeaderforGET(true);
    this._oauth2.get('https://app.example/profile', accessToken, (error, body, response) => {
      if (error) return done(error);
      if (response?.statusCode !== 200) return done(new Error('no profile'));
      done(null, { ...JSON.parse(String(body)), raw: body });
    });
  }
  override parseErrorResponse(body: any, status: number): Error | null {
    return super.parseErrorResponse(body, status);
  }
}

// With Passport.
const strategy = new Strategy(options, verify);
export const base: OAuth2Strategy = strategy;
passport.use(strategy);
passport.use('other', strategy);
export const middleware = [
  passport.authenticate('google'),
  passport.authenticate('google', { scope: ['profile'] }),
  passport.authenticate('google', { scope: ['profile'], accessType: 'offline', prompt: 'consent' }),
  passport.authenticate('google', { loginHint: 'user@app.example', includeGrantedScopes: true }),
  passport.authenticate('google', { session: false, failureRedirect: '/login', successRedirect: '/' }),
  passport.authenticate('google', { session: false }, (error: unknown, user: Express.User | false) => [
    error,
    user,
  ]),
  passport.authenticate('google', (error: unknown, user: Express.User | false) => [error, user]),
  passport.authorize('google', { scope: ['profile'] }),
  passport.authorize('google', { failureRedirect: '/account' }),
];

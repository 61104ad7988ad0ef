import type { AuthenticateOptions as PassportOptions } from 'passport';

/** What `passport.authenticate(name, options)` may override for one request. */
export interface AuthenticateOptions extends Omit<PassportOptions, 'state' | 'scope' | 'prompt'> {
  /** Scopes to ask for, instead of the strategy's. */
  scope?: string | readonly string[] | undefined;
  /** Which pages the provider shows. */
  prompt?: string | readonly string[] | undefined;
  /** Data of the app's, e.g. `{ returnTo: '/week' }`: kept by the state store, handed back as `info.state`. */
  state?: object | undefined;
  /** The callback URL, instead of the strategy's: absolute, or a path on this host. */
  callbackURL?: string | undefined;
  /** Google: `login_hint`, an e-mail address or account id. */
  loginHint?: string | undefined;
  /** Google: whether scopes granted earlier are part of the new tokens. */
  includeGrantedScopes?: boolean | undefined;
  /** Google: `offline` brings a refresh token. */
  accessType?: 'offline' | 'online' | undefined;
}

declare module 'passport' {
  // @types/passport knows `state` as a string only. The names in here are its own, hence the imports.
  interface Authenticator<InitializeRet, AuthenticateRet, AuthorizeRet, AuthorizeOptions> {
    authenticate(
      strategy: string | string[] | import('passport').Strategy,
      options: import('./authenticate-options.ts').AuthenticateOptions,
      // biome-ignore lint/suspicious/noExplicitAny: as in the signature of @types/passport that this adds to
      callback?: (...args: any[]) => any,
    ): AuthenticateRet;
  }
}

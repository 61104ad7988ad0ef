// The little that is used of packages that have no types, or are not part of the root's install.

declare module 'passport-google-oauth20' {
  import OAuth2Strategy from 'passport-oauth2';
  export class Strategy extends OAuth2Strategy {}
}

declare module 'passport-fitbit-oauth2' {
  import OAuth2Strategy from 'passport-oauth2';
  export class FitbitOAuth2Strategy extends OAuth2Strategy {}
}

declare module 'passport-oauth2-refresh' {
  type Done = (error: unknown, accessToken?: string, refreshToken?: string) => void;
  export class AuthTokenRefresh {
    use(strategy: { name: string }): void;
    requestNewAccessToken(name: string, refreshToken: string, done: Done): void;
  }
}

declare module 'openid-client' {
  export type ClientAuth = { readonly brand: 'ClientAuth' };
  export interface TokenEndpointResponse {
    access_token: string;
  }
  export class Configuration {
    constructor(server: object, clientID: string, metadata: undefined, authentication: ClientAuth);
  }
  export function ClientSecretBasic(secret: string): ClientAuth;
  export function allowInsecureRequests(config: Configuration): void;
  export const skipSubjectCheck: unique symbol;
  export function fetchUserInfo(
    config: Configuration,
    accessToken: string,
    subject: typeof skipSubjectCheck,
  ): Promise<{ sub: string }>;
  export function refreshTokenGrant(
    config: Configuration,
    refreshToken: string,
  ): Promise<TokenEndpointResponse>;
}

declare module 'openid-client/passport' {
  import type { Request } from 'express';
  import type { Configuration, TokenEndpointResponse } from 'openid-client';

  interface Options {
    config: Configuration;
    name: string;
    scope: string;
    callbackURL: string;
  }
  type Done = (error: unknown, user?: { id: string }) => void;
  export class Strategy {
    constructor(options: Options, verify: (tokens: TokenEndpointResponse, done: Done) => Promise<void>);
    name: string;
    authenticate(req: Request, options?: object): void;
  }
}

import type { Clock } from './clock.ts';
import type { Provider } from './provider.ts';

/** What a user has allowed an app. */
export interface Grant {
  readonly provider: Provider;
  readonly clientID: string;
  readonly personID: string;
  readonly scope: ReadonlySet<string>;
  /** Milliseconds on the simulator's clock. */
  readonly grantedAt: number;
  /** Whether a refresh token was issued for it: Google issues the next one only with `prompt=consent`. */
  readonly offline: boolean;
}

/** What codes and tokens have in common. Times are milliseconds on the simulator's clock. */
interface Issued {
  readonly value: string;
  readonly provider: Provider;
  readonly clientID: string;
  readonly personID: string;
  readonly scope: readonly string[];
  readonly issuedAt: number;
}

/** An authorization code with everything that its exchange has to match. */
export interface Code extends Issued {
  readonly expiresAt: number;
  readonly redirectURI: string;
  /** False if the authorize request had no redirect URI. */
  readonly redirectURIGiven: boolean;
  readonly state: string | undefined;
  readonly challenge: { readonly value: string; readonly method: string } | undefined;
  readonly offline: boolean;
  readonly newRefreshToken: boolean;
  used: boolean;
}

/** An access token. */
export interface AccessToken extends Issued {
  readonly expiresAt: number;
  readonly offline: boolean;
}

/** A refresh token. A used one is kept to repeat its response. */
export interface RefreshToken extends Issued {
  /** Infinity for a token that does not expire. */
  expiresAt: number;
  /** The expiry that using the token does not extend; Infinity for none. */
  readonly endsAt: number;
  use: { readonly at: number; readonly request: string; readonly answer: string } | undefined;
}

/** Grants, codes and tokens. They are lost when the process ends. */
export class Ledger {
  readonly #clock: Clock;
  readonly #grants = new Map<string, Grant>();
  readonly #codes = new Map<string, Code>();
  readonly #access = new Map<string, AccessToken>();
  readonly #refresh = new Map<string, RefreshToken>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a consent; a second one of the same user adds to the first. */
  grant(
    provider: Provider,
    clientID: string,
    personID: string,
    scope: readonly string[],
    offline: boolean,
  ): Grant {
    const key = grantKey(provider, clientID, personID);
    const before = this.#grants.get(key);
    const grant: Grant = {
      provider,
      clientID,
      personID,
      scope: new Set([...(before?.scope ?? []), ...scope]),
      grantedAt: this.#clock.now(),
      offline: offline || (before?.offline ?? false),
    };
    this.#grants.set(key, grant);
    return grant;
  }

  /** A user's consent for an app, unless it was revoked. */
  grantOf(provider: Provider, clientID: string, personID: string): Grant | undefined {
    return this.#grants.get(grantKey(provider, clientID, personID));
  }

  addCode(code: Code): void {
    this.#codes.set(code.value, code);
  }

  addAccessToken(token: AccessToken): void {
    this.#access.set(token.value, token);
  }

  addRefreshToken(token: RefreshToken): void {
    this.#refresh.set(token.value, token);
  }

  code(value: string): Code | undefined {
    return this.#codes.get(value);
  }

  /** An access token, even an expired one: providers distinguish expired from unknown tokens. */
  accessToken(provider: Provider, value: string): AccessToken | undefined {
    const token = this.#access.get(value);
    return token?.provider === provider ? token : undefined;
  }

  refreshToken(provider: Provider, value: string): RefreshToken | undefined {
    const token = this.#refresh.get(value);
    return token?.provider === provider ? token : undefined;
  }

  dropRefreshToken(value: string): void {
    this.#refresh.delete(value);
  }

  /** Whether a code or token has expired. */
  expired(issued: { readonly expiresAt: number }): boolean {
    return this.#clock.now() >= issued.expiresAt;
  }

  /** Withdraws a consent, which invalidates every code and token of the user for the app. */
  revoke(provider: Provider, clientID: string, personID: string): void {
    this.#grants.delete(grantKey(provider, clientID, personID));
    for (const store of [this.#codes, this.#access, this.#refresh]) {
      for (const issued of store.values()) {
        const same =
          issued.provider === provider && issued.clientID === clientID && issued.personID === personID;
        if (same) store.delete(issued.value);
      }
    }
  }

  /** The valid refresh tokens of a user for an app. */
  refreshTokensOf(provider: Provider, clientID: string, personID: string): RefreshToken[] {
    return this.liveRefreshTokens().filter(
      (token) => token.provider === provider && token.clientID === clientID && token.personID === personID,
    );
  }

  /** Every consent that was not revoked. */
  grants(): Grant[] {
    return [...this.#grants.values()];
  }

  /** Every valid access token. */
  liveAccessTokens(): AccessToken[] {
    return [...this.#access.values()].filter((token) => !this.expired(token));
  }

  /** Every valid refresh token. */
  liveRefreshTokens(): RefreshToken[] {
    return [...this.#refresh.values()].filter((token) => token.use === undefined && !this.expired(token));
  }
}

function grantKey(provider: Provider, clientID: string, personID: string): string {
  return JSON.stringify([provider, clientID, personID]);
}

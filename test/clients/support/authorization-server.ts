import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** An authorization server that this project did not write, with a client of the shape that Fitbit registers. */
export interface AuthorizationServer {
  readonly client: {
    readonly clientID: string;
    readonly clientSecret: string;
    readonly issuer: string;
    readonly authorizationURL: string;
    readonly tokenURL: string;
    readonly revocationURL: string;
    readonly userProfileURL: string;
  };
  /** Its own names for what happened, in order, e.g. `grant.success`. */
  readonly events: string[];
  close(): Promise<void>;
}

/**
 * Starts oidc-provider as strict as it gets: client_secret_basic, PKCE, exact redirect URIs, and refresh tokens
 * that work once, whose second use revokes the whole grant. Only the profile is Fitbit's.
 */
export async function startAuthorizationServer(redirectURI: string): Promise<AuthorizationServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = {
    client_id: 'fitbit-app',
    client_secret: 'a-secret-of-the-test',
    redirect_uris: [redirectURI],
    response_types: ['code' as const],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic' as const,
  };
  const provider = new Provider(issuer, {
    clients: [client],
    pkce: { required: () => true },
    scopes: ['profile', 'activity'],
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    cookies: { keys: ['a key of the test'] },
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, Interaction: 600, Session: 600 },
  });

  const events: string[] = [];
  provider.on('authorization.success', () => events.push('authorization.success'));
  provider.on('grant.success', () => events.push('grant.success'));
  provider.on('grant.revoked', () => events.push('grant.revoked'));

  provider.use(async (ctx, next) => {
    if (ctx.path === '/1/user/-/profile.json') {
      const token = await provider.AccessToken.find(ctx.get('authorization').replace('Bearer ', ''));
      ctx.status = token === undefined ? 401 : 200;
      ctx.body = { user: { encodedId: token?.accountId, displayName: `${token?.accountId} by profile` } };
      return;
    }
    // oidc-provider takes the secret in the body as well, whatever the client is registered for.
    if (ctx.path.startsWith('/token') && !ctx.get('authorization').startsWith('Basic ')) {
      ctx.status = 401;
      ctx.body = { error: 'invalid_client', error_description: 'client_secret_basic it must be' };
      return;
    }
    await next();
    // Fitbit says here whose token it is.
    if (ctx.path === '/token' && ctx.status === 200) ctx.body.user_id = ctx.oidc.account?.accountId;
  });
  const handle = provider.callback();
  server.on('request', (req, res) => {
    handle(req, res);
  });

  return {
    client: {
      clientID: client.client_id,
      clientSecret: client.client_secret,
      issuer,
      authorizationURL: `${issuer}/auth`,
      tokenURL: `${issuer}/token`,
      revocationURL: `${issuer}/token/revocation`,
      userProfileURL: `${issuer}/1/user/-/profile.json`,
    },
    events,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

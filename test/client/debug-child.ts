// Runs in a process of its own, started by secrets-debug.test.ts with NODE_DEBUG set: signs in, refreshes, introspects
// and revokes against the server that it is given, and prints what it sent and received.
import http from 'node:http';
import https from 'node:https';
import { FitbitStrategy, introspect, refresh, revoke, type TokenSet } from 'passport-fitbit-strategy';
import { authenticate, beginLogin, callbackRequest } from '../support/strategy.ts';

export interface Input {
  origin: string;
  /** The certificate to trust. */
  ca: string;
  clientSecret: string;
  code: string;
  keepAlive: boolean;
}

const { origin, ca, clientSecret, code, keepAlive } = JSON.parse(process.argv[2] ?? '') as Input;
const agent = origin.startsWith('https:')
  ? new https.Agent({ ca, keepAlive })
  : new http.Agent({ keepAlive });
const client = {
  clientID: 'client-id',
  clientSecret,
  agent,
  tokenURL: `${origin}/token`,
  userProfileURL: `${origin}/profile`,
  introspectionURL: `${origin}/introspect`,
  revocationURL: `${origin}/revoke`,
};

const strategy = new FitbitStrategy({ ...client, verify: ({ tokens }) => ({ tokens }) });
const { session, state } = await beginLogin(strategy);
const { logins } = session['oauth2:fitbit'] as { logins: { verifier: string }[] };
const outcome = await authenticate(strategy, callbackRequest(session, { code, state }));
if (outcome.type !== 'success') throw new Error(outcome.type, { cause: outcome });
const { tokens } = outcome.user as { tokens: TokenSet };
const { active } = await introspect(client, tokens.accessToken);
await refresh(client, tokens.refreshToken ?? '');
await revoke(client, tokens.accessToken);
agent.destroy();
process.stdout.write(JSON.stringify({ verifier: logins[0]?.verifier, active }));

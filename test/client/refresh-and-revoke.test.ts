import { describe, expect, it } from 'vitest';
import { resolveClient } from '../../lib/client/provider.ts';
import { refreshTokens, revokeToken } from '../../lib/client/token-endpoint.ts';
import { fitbit } from '../../lib/fitbit/endpoints.ts';
import { answersJSON, type Fault, start } from '../support/faulty-server.ts';

async function serve(fault: Fault) {
  const server = await start(fault);
  const endpoints = { tokenURL: server.url, revocationURL: server.url };
  return { server, client: resolveClient(fitbit, { clientID: 'CID', ...endpoints }) };
}

describe('a refresh', () => {
  it.each([
    ['sleep', 'grant_type=refresh_token&refresh_token=old&scope=sleep&client_id=CID'],
    [undefined, 'grant_type=refresh_token&refresh_token=old&client_id=CID'],
  ])('asks for the scope %s', async (scope, body) => {
    const { server, client } = await serve(answersJSON({ access_token: 'new' }));
    await refreshTokens(client, 'old', {}, scope);
    expect(server.requests.map((request) => request.body)).toEqual([body]);
  });
});

describe('a revocation', () => {
  it('sends the token', async () => {
    const { server, client } = await serve(answersJSON({}));
    await revokeToken(client, 'a-token', 'client', {});
    expect(server.requests).toMatchObject([{ method: 'POST', body: 'token=a-token&client_id=CID' }]);
  });

  it.each(['invalid_token', 'expired_token', 'invalid_grant'])(
    'succeeds if the token is dead: %s',
    async (error) => {
      const { client } = await serve(answersJSON({ error }, 400));
      expect(await revokeToken(client, 'a-token', 'client', {})).toBeUndefined();
    },
  );

  it('fails with any other error', async () => {
    const { client } = await serve(answersJSON({ error: 'invalid_client' }, 401));
    const refused = revokeToken(client, 'a-token', 'client', {});
    await expect(refused).rejects.toMatchObject({ code: 'invalid_client', operation: 'revoke' });
    const closed = await serve({ answer: (socket) => socket.destroy() });
    const lost = revokeToken(closed.client, 'a-token', 'client', {});
    await expect(lost).rejects.toMatchObject({ code: 'connection' });
  });

  it('refuses a wrong token by name, and sends nothing', async () => {
    const { server, client } = await serve(answersJSON({}));
    await expect(revokeToken(client, 'a\nb', 'client', {})).rejects.toThrow(/^"token" must be a token/);
    expect(server.requests).toEqual([]);
  });
});

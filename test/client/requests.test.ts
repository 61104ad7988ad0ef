import { describe, expect, it } from 'vitest';
import { ResponseError } from '../../lib/client/errors.ts';
import { type ClientAuthentication, resolveClient } from '../../lib/client/provider.ts';
import { type Authentication, parseObject, postForm, secretsOf } from '../../lib/client/requests.ts';
import { fitbit } from '../../lib/fitbit/endpoints.ts';
import { answersJSON, start } from '../support/faulty-server.ts';

/** Sends a form to a server of its own; resolves with what the server got. */
async function sent(
  authentication: Authentication,
  clientAuthentication: ClientAuthentication = 'client_secret_basic',
  clientSecret: string | undefined = 's3cret',
) {
  const server = await start(answersJSON({}));
  const client = resolveClient({ ...fitbit, clientAuthentication }, { clientID: 'CID', clientSecret });
  const params = Object.freeze({ token: 'a b&c' });
  await postForm(client, `${server.url}/path`, params, authentication, 'revoke');
  const [request] = server.requests;
  return { body: request?.body, authorization: request?.headers.authorization };
}

describe('a form request', () => {
  it.each<[string, Authentication, ClientAuthentication | undefined, object]>([
    [
      'the client, in the header',
      'client',
      'client_secret_basic',
      { body: 'token=a%20b%26c', authorization: `Basic ${btoa('CID:s3cret')}` },
    ],
    [
      'the client, in the body',
      'client',
      'client_secret_post',
      { body: 'token=a%20b%26c&client_id=CID&client_secret=s3cret', authorization: undefined },
    ],
    ['nobody', 'none', undefined, { body: 'token=a%20b%26c', authorization: undefined }],
    [
      'whoever has a token',
      { bearer: 'mine' },
      undefined,
      { body: 'token=a%20b%26c', authorization: 'Bearer mine' },
    ],
  ])('can be authenticated as %s', async (_, authentication, clientAuthentication, expected) => {
    expect(await sent(authentication, clientAuthentication)).toEqual(expected);
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'of a public client has the client id in the body: %s',
    async (clientAuthentication) => {
      const server = await start(answersJSON({}));
      const client = resolveClient({ ...fitbit, clientAuthentication }, { clientID: 'CID' });
      await postForm(client, server.url, { token: 'x' }, 'client', 'revoke');
      expect(server.requests).toMatchObject([{ body: 'token=x&client_id=CID' }]);
      expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    },
  );

  it.each<[string, Authentication]>([
    ['the form', 'none'],
    ['the form and the header', { bearer: 'abcdefgh-bearer' }],
  ])('that is refused shows nothing secret of %s in its error', async (_, authentication) => {
    const text = 'No: abcdefgh-token, abcdefgh-bearer';
    const server = await start(answersJSON({ error: 'invalid_request', error_description: text }, 400));
    const client = resolveClient(fitbit, { clientID: 'CID' });
    const params = { token: 'abcdefgh-token' };
    const error = await postForm(client, server.url, params, authentication, 'revoke').catch((each) => each);
    expect(error).toBeInstanceOf(ResponseError);
    const shown = authentication === 'none' ? 'abcdefgh-bearer' : '[redacted]';
    expect(error).toMatchObject({ httpStatus: 400, description: `No: [redacted], ${shown}` });
  });
});

describe('the secrets of a form', () => {
  it('are all values but those that errors need, whatever a hook of the app gave', () => {
    expect(
      secretsOf({
        grant_type: 'authorization_code',
        redirect_uri: 'https://app.example/cb',
        expires_in: 5,
        client_id: 'CID',
        scope: 'sleep',
        code: 'a-code',
        code_verifier: 'a-verifier',
        number: 12_345,
        list: ['one', 2],
        nothing: undefined,
        nil: null,
        flag: true,
        object: { secret: 'deep' },
      }),
    ).toEqual(['a-code', 'a-verifier', '12345', 'one', '2']);
  });
});

describe('a body', () => {
  it.each(['', 'null', '[]', '"text"', '5', '{', '<html>'])(
    'that is not a JSON object is malformed: %s',
    (body) => {
      expect(() => parseObject(fitbit, 'introspect', body)).toThrow(
        expect.objectContaining({
          code: 'malformed',
          operation: 'introspect',
          message: 'Fitbit sent an unusable response (introspect): it is not a JSON object',
        }),
      );
    },
  );
});

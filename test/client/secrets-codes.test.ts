import { describe, expect, it } from 'vitest';
import { responseError } from '../../lib/client/error-response.ts';
import type { RequestOperation } from '../../lib/client/errors.ts';
import { resolveClient } from '../../lib/client/provider.ts';
import { fitbit } from '../../lib/fitbit/endpoints.ts';
import { parseProfile } from '../../lib/fitbit/profile.ts';

const client = resolveClient(fitbit, { clientID: 'ab', clientSecret: 'cdef' });

function errorFor(
  body: object,
  status = 400,
  secrets: string[] = [],
  operation: RequestOperation = 'refresh',
) {
  return responseError(client, operation, { status, headers: {}, body: JSON.stringify(body) }, secrets);
}

describe('an error', () => {
  it('shows no Basic credentials, even if they are too short to be recognized by their form', () => {
    const { message } = errorFor({ error: 'invalid_client', error_description: 'Got YWI6Y2RlZg== there' });
    expect(message).toContain('Got [redacted]== there');
  });

  it('never has a code that is a secret of sixteen letters or more, in upper or lower case', () => {
    const secret = 'AbcdefghAbcdefgh';
    expect(errorFor({ error: secret }, 400, [secret]).code).toBe('redacted');
    expect(errorFor({ error: secret.toLowerCase() }, 400, [secret]).code).toBe('redacted');
    // A shorter one may be an ordinary word.
    expect(errorFor({ error: 'invalid_request' }, 400, ['invalid_request'.slice(0, 15)]).code).toBe(
      'invalid_request',
    );
  });

  it.each([
    [400, false],
    [409, true],
    [410, false],
    [429, true],
    [499, false],
    [500, true],
    [503, true],
  ])('with status %i is retryable: %s', (status, retryable) => {
    expect(errorFor({}, status).retryable).toBe(retryable);
  });

  it('about an invalid grant says what to do for this operation', () => {
    const grant = { error: 'invalid_grant' };
    expect(errorFor(grant, 400, [], 'refresh').message).toContain('the user has to sign in again');
    expect(errorFor(grant, 400, [], 'code_exchange').message).toContain('start the login again');
  });
});

describe('a profile', () => {
  it('has no gender if Fitbit has NA', () => {
    expect(parseProfile({ user: { encodedId: 'A', gender: 'NA' } })).not.toHaveProperty('gender');
  });
});

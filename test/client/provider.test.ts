import { describe, expect, it } from 'vitest';
import { type ClientAuthentication, resolveClient } from '../../lib/client/provider.ts';
import { fitbit } from '../../lib/fitbit/endpoints.ts';

const resolve = (options: object, clientAuthentication: ClientAuthentication = 'client_secret_basic') =>
  resolveClient({ ...fitbit, clientAuthentication }, options as { clientID: string });

describe("a client's settings", () => {
  it.each([null, {}, 'http://proxy.example', true])('have an agent, or none: %j is refused', (agent) => {
    expect(() => resolve({ clientID: 'CID', agent })).toThrow(
      new TypeError('"agent" must be an http.Agent or https.Agent'),
    );
  });

  it('may have a colon in the client id where that does not end it', () => {
    const options = { clientID: 'C:ID', clientSecret: 's3cret' };
    expect(() => resolve(options)).toThrow(/"clientID" must not contain ":"/);
    expect(resolve(options, 'client_secret_post').clientID).toBe('C:ID');
    expect(resolve({ clientID: 'C:ID' }).clientID).toBe('C:ID');
  });
});

import { FitbitStrategy } from 'passport-fitbit-strategy';
import { expect, it } from 'vitest';
import { response, sends, start } from '../support/faulty-server.ts';
import { login } from '../support/strategy.ts';

it('a parameter of tokenParams that is not a string does no harm if the exchange is refused, and stays secret', async () => {
  class Odd extends FitbitStrategy {
    override tokenParams() {
      return { odd: Object.create(null), many: ['first-secret', 'second-secret'] };
    }
  }
  const body = '{"errors":[{"errorType":"invalid_request","message":"second-secret is wrong"}]}';
  const { url } = await start(sends(response(400, body)));
  const client = { clientID: 'id', clientSecret: 'secret', tokenURL: `${url}/token` };
  const outcome = await login(new Odd(client, () => expect.unreachable()));
  expect(outcome).toMatchObject({
    type: 'error',
    error: { code: 'invalid_request', description: '[redacted] is wrong' },
  });
});

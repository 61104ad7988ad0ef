import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { authenticate, beginLogin, callbackRequest, type Outcome } from '../../support/strategy.ts';
import { startStopped } from './support.ts';

const callbackURL = 'http://localhost:3000/auth/google-health/callback';

/** Signs a user in whom an organization keeps from the app; gives the outcome of the callback. */
async function signIn(person: string, where: 'callback' | 'token'): Promise<Outcome> {
  const simulator = await startStopped({
    googleHealth: { organization: 'acme.example' },
    switches: { googleOrganizationRefusal: where },
  });
  const google = { forbidden: true, hostedDomain: 'acme.example' };
  simulator.people.add({ id: 'fay', displayName: 'Fay', google });
  const strategy = new GoogleHealthStrategy({
    ...simulator.googleHealth,
    callbackURL,
    verify: ({ profile }) => profile,
  });
  const { session, url } = await beginLogin(strategy);
  const { redirectTo } = await simulator.consent({ url, person });
  const query = Object.fromEntries(new URL(redirectTo).searchParams);
  return authenticate(strategy, callbackRequest(session, query));
}

describe('a user whom an organization keeps from the app', () => {
  it.each([
    ['fay', 'callback', 'admin_policy_enforced', 'does not allow this app'],
    ['fay', 'token', 'admin_policy_enforced', 'does not allow this app'],
    ['zoe', 'callback', 'org_internal', 'members of one organization'],
    ['zoe', 'token', 'org_internal', 'members of one organization'],
  ] as const)('gets a failure that says why: %s, %s, %s', async (person, where, code, message) => {
    const outcome = await signIn(person, where);
    expect(outcome).toMatchObject({
      type: 'fail',
      failure: { code, message: expect.stringContaining(message) },
    });
  });
});

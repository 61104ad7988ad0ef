import type { Simulator } from 'fitbit-simulator';
import {
  authenticateRequest,
  CookieStateStore,
  GoogleHealthStrategy,
} from 'passport-fitbit-strategy/google-health';
import { addUser, tokens } from './tokens.ts';

const URL_OF_APP = 'http://localhost:3000';

/** Signs two users of the simulator in, as your web app does, so that the worker has something to do. */
export async function signInSampleUsers(simulator: Simulator): Promise<void> {
  const strategy = new GoogleHealthStrategy({
    ...simulator.googleHealth,
    callbackURL: `${URL_OF_APP}/callback`,
    scope: ['profile.readonly', 'activity_and_fitness.readonly'],
    store: new CookieStateStore({ secret: 'only for the users of the simulator', secure: false }),
    verify: async ({ profile, tokens: received }) => {
      await tokens.save(profile.id, received);
      addUser(profile.id);
      return { id: profile.id };
    },
  });
  for (const person of ['zoe', 'aiko']) {
    const { redirect, headers } = await authenticateRequest(strategy, new Request(`${URL_OF_APP}/login`));
    const { redirectTo } = await simulator.consent({ url: String(redirect), person });
    const cookie = headers.getSetCookie().map((each) => each.split(';')[0]);
    const callback = new Request(redirectTo, { headers: { cookie: cookie.join('; ') } });
    const { failure } = await authenticateRequest(strategy, callback);
    if (failure) throw new Error(failure.message);
  }
}

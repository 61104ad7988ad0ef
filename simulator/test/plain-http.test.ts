import { describe, expect, it } from 'vitest';
import { callback, fitbitQuery, googleQuery, post, profileScope, start, withQuery } from './support.ts';

/** Starts a simulator, and gives what POSTs to /consent. */
async function startConsent() {
  const simulator = await start();
  const consent = (form: Record<string, string>, headers = {}) =>
    post(`${simulator.url}/consent`, form, headers);
  const url = withQuery(simulator.fitbit.authorizationURL, fitbitQuery(simulator, { state: 's' }));
  return { simulator, consent, url };
}

describe('consent over plain HTTP', () => {
  it('redirects to the callback with a code for the user', async () => {
    const { simulator, consent, url } = await startConsent();
    const answer = await consent({ url, person: 'maya' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toMatch(/^http:.*callback\?code=[0-9a-f]{40}&state=s#_=_$/);
    expect(simulator.grants).toMatchObject([{ personID: 'maya', provider: 'fitbit' }]);
  });

  it('grants the scopes that are named', async () => {
    const { simulator, consent, url } = await startConsent();
    await consent({ url, person: 'maya', scope: 'profile' });
    expect(simulator.grants.map(({ scope }) => [...scope])).toEqual([['profile']]);
    const google = withQuery(simulator.googleHealth.authorizationURL, googleQuery(simulator));
    await consent({ url: google, person: 'zoe', scope: profileScope });
    expect(simulator.grants).toHaveLength(2);
  });

  it('denies', async () => {
    const { simulator, consent, url } = await startConsent();
    const answer = await consent({ url, decision: 'deny' });
    expect(answer.headers.get('location')).toContain(`${callback}?error_description=`);
    expect(simulator.grants).toEqual([]);
  });

  it('says in plain text what is wrong', async () => {
    const { simulator, consent, url } = await startConsent();
    const wrong: [Record<string, string>, number, string][] = [
      [{ url, person: 'homer' }, 400, '"person" homer cannot sign in to this app; it can be: maya, zoe'],
      [{ url }, 400, '"person" must be a non-empty string'],
      [{ url: simulator.url, person: 'zoe' }, 400, '"url" must be the URL that the app redirects to'],
      [{ url: url.replace('23SIM0', 'X'), person: 'zoe' }, 400, 'unauthorized_client'],
      [{ url, person: 'zoe', scope: 'weight' }, 400, '"granted[]" must be one of "activity", "profile"'],
    ];
    for (const [form, status, message] of wrong) {
      const answer = await consent(form);
      expect([form, answer.status]).toEqual([form, status]);
      expect(await answer.text()).toContain(message);
    }
    simulator.shutDownFitbit();
    expect((await consent({ url, person: 'zoe' })).status).toBe(410);
    expect(simulator.grants).toEqual([]);
  });

  it('is refused to browsers, so that no page can consent for its visitor', async () => {
    const { simulator, consent, url } = await startConsent();
    const form = { url, person: 'zoe' };
    for (const headers of [{ origin: 'null' }, { origin: simulator.url }, { 'sec-fetch-site': 'none' }]) {
      expect([headers, (await consent(form, headers)).status]).toEqual([headers, 403]);
    }
    expect(simulator.grants).toEqual([]);
  });
});

import { startSimulator } from 'fitbit-simulator';
import { describe, expect, it } from 'vitest';
import {
  callback,
  fitbitCode,
  fitbitQuery,
  googleQuery,
  healthScope,
  profileScope,
  start,
  withQuery,
} from './support.ts';

describe('startSimulator', () => {
  it.each([
    [null, 'the options must be an object'],
    [{ prot: 1 }, 'the options has no field "prot"'],
    [{ port: '80' }, '"port" must be an integer from 0 to 65535'],
    [{ port: 65_536 }, '"port"'],
    [{ host: '' }, '"host" must be a non-empty string'],
    [{ allowRemote: 'yes' }, '"allowRemote" must be true or false'],
    [{ allowedHosts: 'a' }, '"allowedHosts" must be an array of strings'],
    [{ redirectURIs: [''] }, '"redirectURIs[]" must be a non-empty string'],
    [{ redirectURIs: ['/path'] }, '/path must be an absolute URL'],
    [{ redirectURIs: ['https://a.example/#x'] }, 'without a fragment'],
    [{ redirectURIs: ['https://a.example/ü'] }, 'must be percent-encoded ASCII'],
    [{ redirectURIs: ['https://a.example/\r\n'] }, 'must be percent-encoded ASCII'],
    [{ fitbit: { type: 'web' } }, '"type" must be one of "server", "client", "personal"'],
    [{ fitbit: { type: 'client', clientSecret: 'x' } }, 'must be left out for an app of type "client"'],
    [{ fitbit: { access: ['steps'] } }, '"access[]" must be one of'],
    [{ fitbit: { access: 'all' } }, '"access" must be an array'],
    [{ fitbit: { approved: 1 } }, '"approved"'],
    [{ fitbit: { owner: '' } }, '"owner"'],
    [{ fitbit: { clientSecret: '' } }, '"clientSecret" must be a non-empty string'],
    [{ fitbit: { clientID: 'a' }, googleHealth: { clientID: 'a' } }, 'a is already registered'],
    [{ fitbit: { name: '' } }, '"name"'],
    [{ fitbit: 1 }, '"fitbit" must be an object'],
    [{ googleHealth: { type: 'server' } }, 'the Google Health app has no field "type"'],
    [{ googleHealth: { apiEnabled: 0 } }, '"apiEnabled"'],
    [{ switches: { fitbitdenialstate: true } }, '"switches" has no field "fitbitdenialstate"'],
    [{ switches: { fitbitDenialState: 'yes' } }, '"switches.fitbitDenialState" must be one of true, false'],
    [{ switches: { fitbitRateLimit: 0 } }, '"switches.fitbitRateLimit" must be an integer from 1'],
    [{ clock: { startAt: '2026' } }, '"clock.startAt" must be a valid Date'],
    [{ clock: { startAt: new Date('x') } }, '"clock.startAt"'],
    [{ clock: { stopped: 1 } }, '"clock.stopped"'],
    [{ clock: 1 }, '"clock" must be an object'],
  ])('refuses %j by name', async (options, message) => {
    const starting: Promise<unknown> = Reflect.apply(startSimulator, undefined, [options]);
    await expect(starting).rejects.toThrow(TypeError);
    const again: Promise<unknown> = Reflect.apply(startSimulator, undefined, [options]);
    await expect(again).rejects.toThrow(message);
  });

  it('gives the same client ids and secrets at every start', async () => {
    const [one, two] = [await start(), await start()];
    expect(one.fitbit.clientID).toBe(two.fitbit.clientID);
    expect(one.fitbit.clientSecret).toBe(two.fitbit.clientSecret);
    expect(one.googleHealth.clientID).toBe(two.googleHealth.clientID);
    expect(one.googleHealth.clientSecret).toBe(two.googleHealth.clientSecret);
    expect(one.fitbit.clientSecret).toMatch(/^[0-9a-f]{32}$/);
  });

  it('takes client ids and secrets of your own', async () => {
    const simulator = await start({
      fitbit: { clientID: 'F', clientSecret: 'fs' },
      googleHealth: { clientID: 'G', clientSecret: 'gs' },
    });
    expect(simulator.fitbit).toMatchObject({ clientID: 'F', clientSecret: 'fs' });
    expect(simulator.googleHealth).toMatchObject({ clientID: 'G', clientSecret: 'gs' });
  });

  it('gives every endpoint of both providers', async () => {
    const { url, fitbit, googleHealth } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(Object.keys(fitbit)).toEqual([
      'clientID',
      'clientSecret',
      'authorizationURL',
      'tokenURL',
      'introspectionURL',
      'revocationURL',
      'userProfileURL',
    ]);
    expect(Object.keys(googleHealth)).toEqual([
      'clientID',
      'clientSecret',
      'authorizationURL',
      'tokenURL',
      'introspectionURL',
      'revocationURL',
      'identityURL',
      'userProfileURL',
      'userinfoURL',
    ]);
  });
});

describe('the clock', () => {
  it('starts where it is told, stops if told, and advances by the sum of the parts', async () => {
    const simulator = await start({ clock: { startAt: new Date('2026-01-01T00:00:00Z'), stopped: true } });
    expect(simulator.now().toISOString()).toBe('2026-01-01T00:00:00.000Z');
    simulator.advance({ days: 1, hours: 2, minutes: 3, seconds: 4 });
    expect(simulator.now().toISOString()).toBe('2026-01-02T02:03:04.000Z');
    simulator.advance({ hours: 0.5 });
    expect(simulator.now().toISOString()).toBe('2026-01-02T02:33:04.000Z');
  });

  it('runs with the real time otherwise', async () => {
    const simulator = await start();
    expect(Math.abs(simulator.now().getTime() - Date.now())).toBeLessThan(1000);
  });

  it.each([
    [{ hours: -1 }, '"hours" must be a number from 0'],
    [{ seconds: Number.NaN }, '"seconds"'],
    [{ minutes: Number.POSITIVE_INFINITY }, '"minutes"'],
    [{ weeks: 1 }, 'has no field "weeks"'],
    [5, 'the duration must be an object'],
  ])('refuses to advance by %j', async (duration, message) => {
    const simulator = await start();
    expect(() => Reflect.apply(simulator.advance, simulator, [duration])).toThrow(message);
  });
});

describe('the switches', () => {
  it('can be read and changed while it runs; a wrong change changes nothing', async () => {
    const simulator = await start({ switches: { fitbitDenialState: false } });
    expect(simulator.switches).toMatchObject({ fitbitDenialState: false, googleTesting: false });
    simulator.set({ googleTesting: true });
    const wrong = { fitbitDenialState: true, fitbitRevokeBody: 'xml' };
    expect(() => Reflect.apply(simulator.set, simulator, [wrong])).toThrow('"switches.fitbitRevokeBody"');
    expect(simulator.switches).toMatchObject({ fitbitDenialState: false, googleTesting: true });
  });
});

describe('the people', () => {
  it('are the same at every start, one for each case of a sign-in', async () => {
    const simulator = await start();
    const cases = simulator.people.list().map(({ id, fitbit, google }) => ({
      id,
      fitbit: fitbit?.userID,
      health: google?.healthUserID,
      legacy: google?.legacyUserID,
      unmigrated: google?.unmigrated,
    }));
    expect(cases).toEqual([
      { id: 'maya', fitbit: '26FWFL' },
      { id: 'zoe', fitbit: '2E4RVC', health: '8677373576871223311', legacy: '2E4RVC', unmigrated: false },
      { id: 'tomas', fitbit: '6CGW8Z' },
      { id: 'victor', fitbit: '49DYBH', health: '5120993317845560032', legacy: '49DYBH', unmigrated: true },
      { id: 'aiko', health: '3304918275566102947', unmigrated: false },
      { id: 'noor', unmigrated: false },
    ]);
    expect(simulator.people.get('zoe')?.displayName).toBe('Zoë K.');
    expect(simulator.people.get('nobody')).toBeUndefined();
  });

  it('can be added with as little as a name, and sign in', async () => {
    const simulator = await start();
    const person = simulator.people.add({ displayName: 'Homer J Simpson' });
    expect(person).toEqual({
      id: 'person-1',
      displayName: 'Homer J Simpson',
      givenName: 'Homer',
      familyName: 'J Simpson',
      gender: 'NA',
      dateOfBirth: '1990-01-01',
      about: 'Added by a test',
      fitbit: { userID: 'SIM001', memberSince: '2020-01-01' },
    });
    expect(simulator.people.list().at(-1)).toBe(person);
    expect(await fitbitCode(simulator, { person: 'person-1' })).toMatch(/^[0-9a-f]{40}$/);
  });

  it('can be added with a Google account, linked, without Fitbit or without Google Health', async () => {
    const { people } = await start();
    const both = people.add({ id: 'a', displayName: 'A', google: true, fitbit: { userID: 'AAA111' } });
    expect(both.google).toEqual({
      sub: '100000000000000000001',
      email: 'person-1@example.com',
      healthUserID: '8000000000000000001',
      legacyUserID: 'AAA111',
      unmigrated: false,
    });
    const unlinked = people.add({
      displayName: 'B',
      fitbit: false,
      google: { healthUserID: null, sub: '5', email: 'b@example.com', unmigrated: true },
    });
    expect(unlinked.google).toEqual({ sub: '5', email: 'b@example.com', unmigrated: true });
    const never = people.add({ displayName: 'C', google: { legacyUserID: null } });
    expect(never.google).not.toHaveProperty('legacyUserID');
  });

  it.each([
    [{}, '"displayName" must be a non-empty string'],
    [{ displayName: 'A', id: 'a b' }, '"id" must consist of letters'],
    [{ displayName: 'A', id: 'zoe' }, '"id" zoe is taken by zoe'],
    [{ displayName: 'A', fitbit: { userID: '2E4RVC' } }, '"fitbit.userID" 2E4RVC is taken by zoe'],
    [{ displayName: 'A', google: { healthUserID: '8677373576871223311' } }, 'is taken by zoe'],
    [{ displayName: 'A', google: { sub: '108204268033311374519' } }, '"google.sub"'],
    [{ displayName: 'A', fitbit: false }, 'needs "fitbit" or "google"'],
    [{ displayName: 'A', gender: 'X' }, '"gender" must be one of'],
    [{ displayName: 'A', dateOfBirth: '1990' }, '"dateOfBirth" must be a date'],
    [{ displayName: 'A', dateOfBirth: '1990-99-99' }, '"dateOfBirth"'],
    [{ displayName: 'A', fitbit: { memberSince: 5 } }, '"fitbit.memberSince"'],
    [{ displayName: 'A', fitbit: { id: 'X' } }, '"fitbit" has no field "id"'],
    [{ displayName: 'A', google: { healthUserID: '' } }, '"google.healthUserID"'],
    [{ displayName: 'A', google: { legacyUserID: 5 } }, '"google.legacyUserID"'],
    [{ displayName: 'A', google: { unmigrated: 5 } }, '"google.unmigrated"'],
    [{ displayName: 'A', google: { mail: 'x' } }, '"google" has no field "mail"'],
    [{ displayName: 'A', age: 5 }, 'the person has no field "age"'],
  ])('cannot be added as %j', async (person, message) => {
    const { people } = await start();
    expect(() => Reflect.apply(people.add, people, [person])).toThrow(message);
    expect(people.list()).toHaveLength(6);
  });
});

describe('consent()', () => {
  it.each([
    [{ provider: 'google' }, '"provider" must be one of'],
    [{ person: 'nobody' }, '"person" nobody cannot sign in to this app'],
    [{ person: '' }, '"person" must be a non-empty string'],
    [{ person: 'aiko' }, 'it can be: maya, zoe, tomas, victor'],
    [{ scope: 5 }, '"scope" must be an array of strings'],
    [{ granted: [] }, '"granted" must name a scope'],
    [{ granted: 'weight' }, '"granted[]" must be one of "activity", "profile"'],
    [{ redirectURI: '' }, '"redirectURI"'],
    [{ state: 5 }, '"state"'],
    [{ accessType: 'x' }, '"accessType"'],
    [{ includeGrantedScopes: 'x' }, '"includeGrantedScopes"'],
    [{ redirectUri: 'x' }, 'the consent has no field "redirectUri"'],
  ])('refuses %j by name', async (change, message) => {
    const simulator = await start();
    const options = {
      provider: 'fitbit',
      person: 'zoe',
      scope: 'activity profile',
      redirectURI: callback,
      ...change,
    };
    const consenting: Promise<unknown> = Reflect.apply(simulator.consent, simulator, [options]);
    await expect(consenting).rejects.toThrow(message);
  });

  it('makes the checks of the page and rejects with its words', async () => {
    const simulator = await start();
    const refused = (change: object) => fitbitCode(simulator, change);
    await expect(refused({ clientID: 'X' })).rejects.toMatchObject({
      name: 'AuthorizeRefusal',
      status: 400,
      text: 'unauthorized_client - Invalid client_id',
    });
    await expect(refused({ redirectURI: 'https://app.example' })).rejects.toThrow('Invalid redirect_uri');
    await expect(refused({ codeChallenge: 'x' })).rejects.toThrow('must be between 43 and 128');
    await expect(refused({ codeChallenge: 'x'.repeat(43), codeChallengeMethod: 'X' })).rejects.toThrow(
      'Unsupported code_challenge_method',
    );
    await expect(refused({ scope: [] })).rejects.toThrow('Missing parameters: scope');
    await expect(refused({ scope: healthScope('sleep.readonly') })).rejects.toThrow('Invalid scope');
  });

  it('grants less than was asked for when the person ticks less', async () => {
    const simulator = await start();
    await fitbitCode(simulator, { granted: ['profile'] });
    expect(simulator.grants.map(({ scope }) => [...scope])).toEqual([['profile']]);
  });

  it('is refused with 410 after the shutdown, and so is an open consent page', async () => {
    const simulator = await start();
    simulator.shutDownFitbit();
    await expect(fitbitCode(simulator)).rejects.toMatchObject({ status: 410 });
  });

  it('takes the URL that the app redirects to as it is, text or URL, by any name of the simulator', async () => {
    const simulator = await start();
    const { fitbit, googleHealth } = simulator;
    const url = withQuery(fitbit.authorizationURL, fitbitQuery(simulator, { state: 'a b&c' }));
    const { code, redirectTo } = await simulator.consent({ url, person: 'zoe' });
    expect(redirectTo).toBe(`${callback}?code=${code}&state=a+b%26c#_=_`);
    const query = googleQuery(simulator, { scope: `${profileScope} ${healthScope('sleep.readonly')}` });
    const other = new URL(withQuery(googleHealth.authorizationURL, query));
    other.hostname = 'localhost';
    await simulator.consent({ url: other, person: 'aiko', granted: [profileScope] });
    expect(simulator.grants.map(({ personID, scope }) => [personID, ...scope])).toEqual([
      ['zoe', 'activity', 'profile'],
      ['aiko', profileScope],
    ]);
    expect((await simulator.deny({ url })).redirectTo).toContain('error=access_denied');
  });

  it('of a URL makes the checks of the page', async () => {
    const simulator = await start();
    const { authorizationURL, tokenURL } = simulator.fitbit;
    const url = withQuery(authorizationURL, fitbitQuery(simulator, { scope: '' }));
    await expect(simulator.consent({ url, person: 'zoe' })).rejects.toMatchObject({
      name: 'AuthorizeRefusal',
      text: 'invalid_request - Missing parameters: scope',
    });
    for (const wrong of ['', '/auth/fitbit', tokenURL, 'https://www.fitbit.com/login']) {
      const consenting = simulator.consent({ url: wrong, person: 'zoe' });
      await expect(consenting).rejects.toThrow('"url" must be the URL that the app redirects to');
    }
    const both = {
      url: withQuery(authorizationURL, fitbitQuery(simulator)),
      person: 'zoe',
      scope: 'profile',
    };
    const consenting: Promise<unknown> = Reflect.apply(simulator.consent, simulator, [both]);
    await expect(consenting).rejects.toThrow('the consent by URL has no field "scope"');
  });
});

import { parseCookie, stringifySetCookie } from 'cookie';
import { fitbitAuthorization } from '../fitbit/authorize.ts';
import { googleAuthorization } from '../google/authorize.ts';
import { isSignInScope } from '../google/scopes.ts';
import { type Reply, redirect } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import { messagePage } from '../pages/layout.ts';
import type { AuthorizeRequest } from '../world/authorize-request.ts';
import type { Person } from '../world/person.ts';
import type { Provider } from '../world/provider.ts';
import type { World } from '../world/world.ts';
import { type Authorization, peopleFor } from './authorization.ts';
import { fitbitConsentPage, googleConsentPage, refusalPage } from './page.ts';

/** The authorize endpoints of both providers. */
export const authorizations: Readonly<Record<Provider, Authorization>> = {
  fitbit: fitbitAuthorization,
  'google-health': googleAuthorization,
};

/** Responds to an authorize request with the consent page, or with a page that says what is wrong. */
export function authorize(world: World, provider: Provider, incoming: Incoming): Reply {
  const { read, silent } = authorizations[provider];
  const reading = read(world, incoming.query);
  if ('refusal' in reading) return refusalPage(provider, reading.refusal);
  const { request } = reading;
  world.sawApp(request.redirectURI);
  const signedIn = signedInTo(world, provider, incoming);
  const target = silent?.(world, request, signedIn);
  return target === undefined ? consentPage(world, request, signedIn?.id) : redirect(target);
}

function consentPage(world: World, request: AuthorizeRequest, chosen?: string, problem?: string): Reply {
  const people = peopleFor(world, request.app);
  const hinted = people.find(({ google }) => [google?.email, google?.sub].includes(request.loginHint ?? ''));
  const known = people.find((person) => person.id === chosen);
  const show = request.provider === 'fitbit' ? fitbitConsentPage : googleConsentPage;
  const first = (hinted ?? known ?? people[0])?.id;
  return show({ request, id: world.pending.add(request), people, chosen: first, problem });
}

/** Carries out the consent page's form. */
export function answerConsentPage(world: World, { form }: Incoming): Reply {
  const request = world.pending.take(form.get('request') ?? '');
  if (request === undefined) {
    const text =
      'This consent page was already submitted, or is too old. Go back to the app and start again.';
    return messagePage(400, 'Start again from the app', text, world.appURL);
  }
  const { provider } = request;
  const { allow, deny, refuse } = authorizations[provider];
  if (provider === 'fitbit' && world.fitbitIsShutDown) {
    const text = 'This was Fitbit’s own sign-in. Go back to the app, and continue with Google Health.';
    return messagePage(410, 'Fitbit has been shut down', text, world.appURL);
  }
  if (form.get('decision') !== 'allow') return redirect(deny(world, request));

  const person = peopleFor(world, request.app).find(({ id }) => id === form.get('person'));
  if (person === undefined) return consentPage(world, request, undefined, 'Choose who you are.');
  const refused = refuse?.(world, request, person);
  if (typeof refused === 'string') return redirect(refused);
  if (refused !== undefined) return refusalPage(provider, refused);
  const scope = tickedScopes(request, form);
  if (scope.length === 0) {
    // With nothing selected, Fitbit shows the page again; Google treats it as a denial.
    if (provider === 'google-health') return redirect(deny(world, request));
    return consentPage(world, request, person.id, 'Choose at least one kind of data, or deny.');
  }
  return redirect(allow(world, request, person, scope).redirectTo, {
    'set-cookie': signIn(provider, person),
  });
}

function tickedScopes(request: AuthorizeRequest, form: URLSearchParams): string[] {
  const ticked = form.getAll('scope');
  if (request.provider === 'fitbit') return request.scope.filter((one) => ticked.includes(one));
  const all = form.has('all');
  return request.scope.filter((one) => all || ticked.includes(one) || isSignInScope(one));
}

/** Keeps the browser signed in, as the providers do: prompt=none and the next page use this account. */
function signIn(provider: Provider, person: Person): string {
  return stringifySetCookie(cookieName(provider), person.id, { path: '/', httpOnly: true, sameSite: 'lax' });
}

function signedInTo(world: World, provider: Provider, { headers }: Incoming): Person | undefined {
  return world.people.get(parseCookie(headers.cookie ?? '')[cookieName(provider)] ?? '');
}

function cookieName(provider: Provider): string {
  return `simulator-${provider}`;
}

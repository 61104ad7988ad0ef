import { type AuthorizeRequest, peopleFor, type Reading } from './authorize.ts';
import { fitbitAllow, fitbitDeny, readFitbitAuthorize } from './fitbit-authorize.ts';
import { gone } from './fitbit-errors.ts';
import { googleAllow, googleDeny, googleSilent, readGoogleAuthorize } from './google-authorize.ts';
import { isSignInScope } from './google-scopes.ts';
import { type Incoming, type Reply, redirect } from './http.ts';
import type { Provider } from './ledger.ts';
import { fitbitConsentPage, googleConsentPage, messagePage, refusalPage } from './pages.ts';
import type { Person } from './people.ts';
import type { State } from './state.ts';

/** Reads an authorize request of either provider. */
export function readAuthorize(state: State, provider: Provider, query: URLSearchParams): Reading {
  return provider === 'fitbit' ? readFitbitAuthorize(state, query) : readGoogleAuthorize(state, query);
}

/** The person allows some scopes. */
export function allow(
  state: State,
  request: AuthorizeRequest,
  person: Person,
  scope: readonly string[],
): { code: string; redirectTo: string } {
  const decide = request.provider === 'fitbit' ? fitbitAllow : googleAllow;
  return decide(state, request, person, scope);
}

/** The person denies. */
export function deny(state: State, request: AuthorizeRequest): string {
  return request.provider === 'fitbit' ? fitbitDeny(state, request) : googleDeny(state, request);
}

/** The authorize endpoint: the consent page, or the page that says what is wrong with the request. */
export function authorizePage(state: State, provider: Provider, incoming: Incoming): Reply {
  const reading = readAuthorize(state, provider, incoming.query);
  if ('refusal' in reading) return refusalPage(provider === 'fitbit' ? 'fitbit' : 'google', reading.refusal);
  const signedIn = state.people.get(readCookie(incoming.headers.cookie, cookieName(provider)) ?? '');
  if (reading.request.prompt.includes('none') && provider === 'google-health') {
    return redirect(googleSilent(state, reading.request, signedIn));
  }
  return consentPage(state, reading.request, signedIn?.id);
}

function consentPage(state: State, request: AuthorizeRequest, chosen?: string, problem?: string): Reply {
  const people = peopleFor(request.app, state.people.list());
  const hinted = people.find(({ google }) => [google?.email, google?.sub].includes(request.loginHint ?? ''));
  const known = people.find((person) => person.id === chosen);
  const show = request.provider === 'fitbit' ? fitbitConsentPage : googleConsentPage;
  return show({
    request,
    id: state.pending.add(request),
    people,
    chosen: (hinted ?? known ?? people[0])?.id,
    ...(problem !== undefined && { problem }),
  });
}

/** What the consent page's form does. */
export function answerConsent(state: State, incoming: Incoming): Reply {
  const { form } = incoming;
  const request = state.pending.take(form.get('request') ?? '');
  if (request === undefined) {
    const text = 'This consent page was answered already, or is too old. Go back to the app and start again.';
    return messagePage(400, 'Start again from the app', text);
  }
  if (request.provider === 'fitbit' && state.fitbitIsShutDown) return gone(state);
  if (form.get('decision') !== 'allow') return redirect(deny(state, request));

  const chosen = form.get('person') ?? '';
  const person = peopleFor(request.app, state.people.list()).find(({ id }) => id === chosen);
  if (person === undefined) return consentPage(state, request, undefined, 'Choose who you are.');
  const scope = tickedScopes(request, form);
  if (scope.length === 0) {
    // Fitbit does not let a person go on with nothing ticked; Google takes it for a denial.
    if (request.provider === 'google-health') return redirect(deny(state, request));
    return consentPage(state, request, person.id, 'Choose at least one kind of data, or deny.');
  }
  // The browser stays signed in, as it does with the providers: prompt=none and the next page know who it is.
  const cookie = `${cookieName(request.provider)}=${person.id}; Path=/; HttpOnly; SameSite=Lax`;
  return redirect(allow(state, request, person, scope).redirectTo, { 'set-cookie': cookie });
}

function tickedScopes(request: AuthorizeRequest, form: URLSearchParams): string[] {
  const ticked = form.getAll('scope');
  if (request.provider === 'fitbit') return request.scope.filter((one) => ticked.includes(one));
  const all = form.has('all');
  return request.scope.filter((one) => all || ticked.includes(one) || isSignInScope(one));
}

function cookieName(provider: Provider): string {
  return `simulator-${provider}`;
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=');
    if (key === name && value !== undefined) return value;
  }
  return undefined;
}

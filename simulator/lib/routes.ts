import { answerConsent, authorizePage } from './authorize-pages.ts';
import { avatar, icon } from './avatars.ts';
import { fitbitToken } from './fitbit.ts';
import { fitbitProfile } from './fitbit-profile.ts';
import { fitbitIntrospect, fitbitRevoke } from './fitbit-tokens.ts';
import { googleHealthProfile, googleIdentity, googleUserinfo } from './google-data.ts';
import { googleRevoke, googleToken, googleTokeninfo } from './google-health.ts';
import type { Incoming, Reply } from './http.ts';
import type { Provider } from './ledger.ts';
import { consentPath } from './pages.ts';
import type { Endpoint } from './requests.ts';
import type { State } from './state.ts';
import { styles } from './styles.ts';

/** An endpoint of a provider. */
export interface Route {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly methods: readonly string[];
  readonly handle: (state: State, request: Incoming) => Reply;
}

const get = ['GET', 'HEAD'];
const post = ['POST'];
const either = [...get, ...post];

/** The endpoints of both providers: the real paths, behind the provider's name. */
export const routes: readonly Route[] = [
  route('fitbit', 'authorize', '/fitbit/oauth2/authorize', get, (s, r) => authorizePage(s, 'fitbit', r)),
  route('fitbit', 'token', '/fitbit/oauth2/token', post, fitbitToken),
  route('fitbit', 'introspect', '/fitbit/1.1/oauth2/introspect', post, fitbitIntrospect),
  route('fitbit', 'revoke', '/fitbit/oauth2/revoke', post, fitbitRevoke),
  route('fitbit', 'profile', '/fitbit/1/user/-/profile.json', get, fitbitProfile),
  route('google-health', 'authorize', '/google/o/oauth2/v2/auth', get, (s, r) =>
    authorizePage(s, 'google-health', r),
  ),
  route('google-health', 'token', '/google/token', post, googleToken),
  route('google-health', 'introspect', '/google/tokeninfo', either, googleTokeninfo),
  route('google-health', 'revoke', '/google/revoke', either, googleRevoke),
  route('google-health', 'identity', '/google/v4/users/me/identity', get, googleIdentity),
  route('google-health', 'profile', '/google/v4/users/me/profile', get, googleHealthProfile),
  route('google-health', 'userinfo', '/google/oauth2/v3/userinfo', either, googleUserinfo),
];

function route(
  provider: Provider,
  endpoint: Endpoint,
  path: string,
  methods: readonly string[],
  handle: Route['handle'],
): Route {
  return { provider, endpoint, path, methods, handle };
}

/** The simulator's own pages and pictures; undefined for any other path. */
export function ownPage(state: State, request: Incoming): Reply | undefined {
  const { method, path } = request;
  if (path === consentPath && method === 'POST') return answerConsent(state, request);
  if (path === '/assets/simulator.css') return asset('text/css;charset=UTF-8', styles);
  if (path === '/assets/icon.svg') return asset('image/svg+xml', icon);
  const [, id, size] = /^\/avatars\/([\w-]+)\/(100|150|640)\.svg$/.exec(path) ?? [];
  const person = state.people.get(id ?? '');
  return person && asset('image/svg+xml', avatar(person, Number(size)));
}

function asset(type: string, body: string): Reply {
  return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-cache' }, body };
}

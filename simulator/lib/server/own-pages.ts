import { answerConsentPage } from '../consent/endpoint.ts';
import { consentPath } from '../consent/page.ts';
import { consentByForm } from '../consent/plain-http.ts';
import { accountPage } from '../control/account-page.ts';
import { postControl } from '../control/actions.ts';
import { controlPath } from '../control/form.ts';
import { controlPage } from '../control/page.ts';
import { gone } from '../fitbit/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import { avatar, icon } from '../pages/avatar.ts';
import { consentScript, messagePage, styles } from '../pages/layout.ts';
import type { World } from '../world/world.ts';

/** Responds with the simulator's own pages, forms and pictures, or else with 404. */
export function ownPage(world: World, request: Incoming): Reply {
  const { method, path, form } = request;
  if (method === 'POST') {
    if (path === controlPath) return postControl(world, request);
    if (path === consentPath) {
      return form.has('url') ? consentByForm(world, request) : answerConsentPage(world, request);
    }
  } else {
    if (path === '/') return controlPage(world, request);
    if (path === '/assets/simulator.css') return asset('text/css;charset=UTF-8', styles);
    if (path === '/assets/consent.js') return asset('text/javascript;charset=UTF-8', consentScript);
    if (path === '/assets/icon.svg') return asset('image/svg+xml', icon);
    const owner = world.people.get(/^\/accounts\/([\w-]+)$/.exec(path)?.[1] ?? '');
    if (owner !== undefined) return accountPage(world, owner);
    const [, id, size] = /^\/avatars\/([\w-]+)\/(100|150|640)\.svg$/.exec(path) ?? [];
    const person = world.people.get(id ?? '');
    if (person !== undefined) return asset('image/svg+xml', avatar(person, Number(size)));
  }
  if (world.fitbitIsShutDown && path.startsWith('/fitbit/')) return gone(world);
  return messagePage(404, 'Not found', `There is nothing at ${path}.`);
}

function asset(type: string, body: string): Reply {
  return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-cache' }, body };
}

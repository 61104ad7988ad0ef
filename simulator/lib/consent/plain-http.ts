import { type Reply, redirect } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { World } from '../world/world.ts';
import { AuthorizeRefusal, consentTo, denyTo } from './direct.ts';

/**
 * Consents without a page, for curl and other clients: `url` is the app's redirect, `person` consents, and `scope`
 * (repeated) stays selected; `decision=deny` denies. Redirects to the app's callback, or responds with an error as
 * text.
 */
export function consentByForm(world: World, { form, headers }: Incoming): Reply {
  // Browsers name the page that a form comes from. A page must not consent without the user.
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    return plain(403, 'This form is not for browsers: open the URL itself.');
  }
  const url = form.get('url') ?? '';
  try {
    if (form.get('decision') === 'deny') return redirect(denyTo(world, { url }).redirectTo);
    const scopes = form.getAll('scope');
    const granted = scopes.length === 0 ? undefined : scopes;
    return redirect(consentTo(world, { url, person: form.get('person') ?? '', granted }).redirectTo);
  } catch (error) {
    if (error instanceof AuthorizeRefusal) return plain(error.status, error.message);
    if (error instanceof TypeError) return plain(400, error.message);
    throw error;
  }
}

function plain(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/plain;charset=UTF-8' }, body: `${text}\n`, note: text };
}

import type { Reply } from '../http/reply.ts';
import { breakable, html } from '../pages/html.ts';
import { page } from '../pages/layout.ts';
import { fullName, type Person } from '../world/person.ts';
import type { World } from '../world/world.ts';
import { form, section } from './form.ts';
import { moment, shortScope } from './lists.ts';

/** A user's own page at the providers: the apps that have access, with a button that removes it. */
export function accountPage(world: World, person: Person): Reply {
  const grants = world.ledger.grants().filter(({ personID }) => personID === person.id);
  const cards = grants.map(({ provider, clientID, personID, scope, grantedAt }) => {
    const name = world.apps.find(provider, clientID)?.name ?? clientID;
    const button = html`<input type="hidden" name="grant" value="${[provider, clientID, personID].join(' ')}"><button class="danger" name="back" value="account">Remove access</button>`;
    return html`<li><div><h3>${name} <small>${provider === 'fitbit' ? 'Fitbit' : 'Google Health'}</small></h3>
<p class="small">Has access since ${moment(grantedAt)} UTC to: ${breakable([...scope].map(shortScope).join(', '))}</p>
${form(world, 'revoke', button)}</div></li>`;
  });
  const content = html`<main class="desk">
<header><div><h1>Apps with access to the account of ${fullName(person)}</h1>
<p class="small desk-about">In place of the pages of Fitbit and Google on which users end an app’s access.</p></div><a class="button" href="/">Control page</a></header>
${section('access', 'Apps', grants.length === 0 ? html`<p class="small">No app has access.</p>` : html`<ul class="cards wide">${cards}</ul>`)}
${section('deletion', 'Accounts', form(world, 'delete-account', html`<input type="hidden" name="person" value="${person.id}"><button class="danger">Delete the accounts</button>`))}
</main>`;
  return page(200, 'control', `Account of ${fullName(person)} in the simulator`, content);
}

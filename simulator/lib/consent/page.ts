import { fitbitScopeTexts } from '../fitbit/scopes.ts';
import { describeGoogleScope } from '../google/scopes.ts';
import type { Reply } from '../http/reply.ts';
import { breakable, type Html, html } from '../pages/html.ts';
import { page } from '../pages/layout.ts';
import type { AuthorizeRequest } from '../world/authorize-request.ts';
import { fullName, type Person } from '../world/person.ts';
import type { Provider } from '../world/provider.ts';
import type { Refusal } from './authorization.ts';

/** The path that the consent pages and clients without a browser post to. */
export const consentPath = '/consent';

/** The content of a consent page. */
interface ConsentView {
  readonly request: AuthorizeRequest;
  /** The one-time id of the request. */
  readonly id: string;
  readonly people: readonly Person[];
  /** The id of the person who is selected at first. */
  readonly chosen: string | undefined;
  /** What was wrong with the last submission. */
  readonly problem: string | undefined;
}

/** Fitbit's consent page: the app, the people, and a selected box for each scope. */
export function fitbitConsentPage(view: ConsentView): Reply {
  const { app, scope } = view.request;
  return consentPage(
    view,
    html`<strong>${app.name}</strong> would like to use your Fitbit data`,
    html`<fieldset><legend>What may it ${app.writable.size > 0 ? 'read and change' : 'read'}?</legend>
<ul class="scopes">${scope.map((name) => {
      const [title, about] = fitbitScopeTexts[name] ?? [name, ''];
      return scopeBox(name, html`<strong>${title}</strong><small>${about}</small>`, true);
    })}</ul></fieldset>
<p class="small">Allow only what you trust ${app.name} with. You can withdraw access at any time.</p>`,
    html`<button class="primary" name="decision" value="allow">Allow</button>
<button class="secondary" name="decision" value="deny">Deny</button>`,
  );
}

/** Google's consent page. Its boxes start empty, because users grant single scopes. */
export function googleConsentPage(view: ConsentView): Reply {
  const { app, scope } = view.request;
  const described = scope.map((name) => ({ name, ...describeGoogleScope(name) }));
  const signIn = described.filter((one) => one.signIn).map(({ title }) => title);
  const boxes = described.filter((one) => !one.signIn);
  return consentPage(
    view,
    html`<strong>${app.name}</strong> wants access to your Google account`,
    html`${
      signIn.length > 0 &&
      html`<p class="small">${app.name} will receive ${new Intl.ListFormat('en').format(signIn)}.</p>`
    }
${
  boxes.length > 0 &&
  html`<fieldset><legend>Select what ${app.name} can access</legend>
<p class="hint">Select at least one: the app needs it to know who signs in.</p>
<label class="scope all"><input type="checkbox" name="all" value="yes"><span><strong>Select all</strong></span></label>
<ul class="scopes">${boxes.map(({ name, title, about }) =>
    scopeBox(name, html`<strong>${title}</strong><small class="hint">${breakable(about)}</small>`, false),
  )}</ul></fieldset>`
}`,
    html`<button class="secondary" name="decision" value="deny">Cancel</button>
<button class="primary" name="decision" value="allow">Continue</button>`,
  );
}

function consentPage(view: ConsentView, title: Html, scopes: Html, buttons: Html): Reply {
  const { app, provider, redirectURI } = view.request;
  const host = (URL.canParse(redirectURI) && new URL(redirectURI).host) || redirectURI;
  const [face, name] = faces[provider];
  const content = html`<main class="card">
${brand(provider)}
<h1>${title}</h1>
${view.problem !== undefined && html`<p class="problem" role="alert">${view.problem}</p>`}
<form class="consent" method="post" action="${consentPath}">
<input type="hidden" name="request" value="${view.id}">
<fieldset class="stand-in"><legend>Choose a test user</legend>
<p class="hint">This replaces ${name}’s sign-in page.</p>
<ul class="people">${view.people.map((person) => personCard(person, view))}</ul></fieldset>
${scopes}
<div class="buttons">${buttons}</div>
</form>
<p class="hint">Afterwards you go to <span class="address">${host}</span></p>
</main>`;
  const status = view.problem === undefined ? 200 : 400;
  return page(status, face, `Allow ${app.name}? – ${name} simulator`, content, { hasScript: true });
}

const faces = { fitbit: ['fitbit', 'Fitbit'], 'google-health': ['google', 'Google'] } as const;

/** The head of a card, in the provider's colors but without its logo. */
function brand(provider: Provider): Html {
  const [mark, name] =
    provider === 'fitbit'
      ? [html`<img src="/assets/icon.svg" alt="" width="28" height="28">`, 'fitbit']
      : [html`<span class="mark" aria-hidden="true"></span>`, 'Google Health'];
  return html`<header class="brand">${mark}<span>${name} <small>simulator</small></span></header>`;
}

function personCard(person: Person, view: ConsentView): Html {
  const account = (view.request.provider === 'fitbit' ? person.fitbit?.userID : person.google?.email) ?? '';
  return html`<li><label class="person"><input type="radio" name="person" value="${person.id}"${
    person.id === view.chosen && html` checked`
  }><img src="/avatars/${person.id}/100.svg" alt="" width="40" height="40"><span><strong>${fullName(person)}</strong><small>${breakable(account)}</small><small class="hint">${person.about}</small></span></label></li>
`;
}

function scopeBox(name: string, text: Html, selected: boolean): Html {
  return html`<li><label class="scope"><input type="checkbox" name="scope" value="${name}"${
    selected && html` checked`
  }><span>${text}</span></label></li>
`;
}

/** The page for a bad authorize request. The app gets no response. */
export function refusalPage(provider: Provider, { status, text, note }: Refusal): Reply {
  const google = provider === 'google-health';
  const content = html`<main class="card">
${brand(provider)}
<h1>${google ? 'Access blocked' : 'Developer information'}</h1>
<p class="error-text"><code>${google ? `Error ${status}: ${text}` : text}</code></p>
<p class="hint"><strong>For the developer:</strong> ${note}.</p>
</main>`;
  return page(status, faces[provider][0], 'Bad authorization request – simulator', content, { note });
}

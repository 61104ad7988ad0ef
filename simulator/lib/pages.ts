import type { AuthorizeRequest, Refusal } from './authorize.ts';
import { fitbitScopeTexts } from './fitbit-scopes.ts';
import { describeGoogleScope } from './google-scopes.ts';
import { type Html, html, page } from './html.ts';
import type { Reply } from './http.ts';
import type { Person } from './people.ts';

/** The path that both consent pages post to. */
export const consentPath = '/consent';

/** What a consent page shows. */
export interface ConsentView {
  readonly request: AuthorizeRequest;
  /** The one-time id of the request. */
  readonly id: string;
  readonly people: readonly Person[];
  /** Who is chosen at first: a person's id. */
  readonly chosen: string | undefined;
  /** What was wrong with the last answer. */
  readonly problem?: string;
}

/** Fitbit's consent page: who asks, who answers, a ticked box for each scope. */
export function fitbitConsentPage(view: ConsentView): Reply {
  const { app, scope } = view.request;
  const content = html`<main class="card">
${brand('fitbit')}
<h1><strong>${app.name}</strong> would like to use your Fitbit data</h1>
${consentForm(
  view,
  html`<fieldset><legend>What may it ${app.writable.size > 0 ? 'read and change' : 'read'}?</legend>
<ul class="scopes">${scope.map((name) => scopeBox(name, fitbitText(name), true))}</ul></fieldset>
<p class="small">Allow only what you trust ${app.name} with. You can take it back at any time.</p>`,
  html`<button class="primary" name="decision" value="allow">Allow</button>
<button class="secondary" name="decision" value="deny">Deny</button>`,
)}
<p class="small backto">You will be sent to <span class="address">${hostOf(view.request.redirectURI)}</span></p>
</main>`;
  return page(
    view.problem === undefined ? 200 : 400,
    'fitbit',
    `Allow ${app.name}? – Fitbit simulator`,
    content,
  );
}

/** Google's consent page: boxes start unticked, because consent there is granular. */
export function googleConsentPage(view: ConsentView): Reply {
  const { app, scope } = view.request;
  const described = scope.map((name) => ({ name, text: describeGoogleScope(name) }));
  const signIn = described.filter(({ text }) => text.signIn);
  const boxes = described.filter(({ text }) => !text.signIn);
  const content = html`<main class="card">
${brand('google')}
<h1><strong>${app.name}</strong> wants access to your Google account</h1>
${consentForm(
  view,
  html`${
    signIn.length > 0 &&
    html`<p class="small">It will be told ${listOf(signIn.map(({ text }) => text.title))}.</p>`
  }
${
  boxes.length > 0 &&
  html`<fieldset><legend>Select what ${app.name} can access</legend>
<label class="scope all"><input type="checkbox" name="all" value="yes"><span><strong>Select all</strong></span></label>
<ul class="scopes">${boxes.map(({ name, text }) => scopeBox(name, [text.title, text.about], false))}</ul></fieldset>`
}`,
  html`<button class="secondary" name="decision" value="deny">Cancel</button>
<button class="primary" name="decision" value="allow">Continue</button>`,
)}
<p class="small backto">You will be sent to <span class="address">${hostOf(view.request.redirectURI)}</span></p>
</main>`;
  return page(
    view.problem === undefined ? 200 : 400,
    'google',
    `Allow ${app.name}? – Google simulator`,
    content,
  );
}

/** The head of a card: not a provider's logo, only its colours. */
function brand(face: 'fitbit' | 'google'): Html {
  const [mark, name] =
    face === 'fitbit'
      ? [html`<img src="/assets/icon.svg" alt="" width="28" height="28">`, 'fitbit']
      : [html`<span class="mark" aria-hidden="true"></span>`, 'Google Health'];
  return html`<header class="brand">${mark}<span>${name} <small>simulator</small></span></header>`;
}

function consentForm(view: ConsentView, scopes: Html, buttons: Html): Html {
  return html`${view.problem !== undefined && html`<p class="problem" role="alert">${view.problem}</p>`}
<form method="post" action="${consentPath}">
<input type="hidden" name="request" value="${view.id}">
<fieldset><legend>Who are you?</legend>
<ul class="people">${view.people.map((person) => personCard(person, view))}</ul></fieldset>
${scopes}
<div class="buttons">${buttons}</div>
</form>`;
}

function personCard(person: Person, view: ConsentView): Html {
  const google = view.request.provider === 'google-health';
  const name = `${person.givenName} ${person.familyName}`.trim();
  return html`<li><label class="person"><input type="radio" name="person" value="${person.id}"${
    person.id === view.chosen && html` checked`
  }><img src="/avatars/${person.id}/100.svg" alt="" width="48" height="48"><span><strong>${name}</strong><small>${
    google ? person.google?.email : person.fitbit?.userID
  }</small><small>${person.about}</small></span></label></li>
`;
}

function scopeBox(name: string, [title, about]: readonly [string, string], ticked: boolean): Html {
  return html`<li><label class="scope"><input type="checkbox" name="scope" value="${name}"${
    ticked && html` checked`
  }><span><strong>${title}</strong><small>${about}</small></span></label></li>
`;
}

function fitbitText(name: string): readonly [string, string] {
  return Object.entries(fitbitScopeTexts).find(([one]) => one === name)?.[1] ?? [name, ''];
}

function listOf(items: readonly string[]): string {
  return new Intl.ListFormat('en').format(items);
}

function hostOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).host || uri : uri;
}

/** The page for a bad authorize request: the person sees it, the app hears nothing. */
export function refusalPage(provider: 'fitbit' | 'google', refusal: Refusal): Reply {
  const title = provider === 'google' ? `Error ${refusal.status}: ${refusal.text}` : refusal.text;
  const content = html`<main class="card">
${brand(provider)}
<h1>${provider === 'google' ? 'Access blocked' : 'Developer information'}</h1>
<p class="error-text"><code>${title}</code></p>
<p class="small"><strong>For the developer:</strong> ${refusal.note}.</p>
</main>`;
  return page(refusal.status, provider, 'Bad authorization request – simulator', content, refusal.note);
}

/** A page with one message, in the control page's face. */
export function messagePage(status: number, title: string, text: string): Reply {
  const content = html`<main class="card"><h1>${title}</h1><p>${text}</p><p><a href="/">To the control page</a></p></main>`;
  return page(status, 'control', `${title} – simulator`, content, text);
}

import { readFileSync } from 'node:fs';
import type { Reply } from '../http/reply.ts';
import { type Html, html } from './html.ts';

/** The styles of all pages, from the file beside this one; the build puts it beside the bundle. */
export const styles = readFileSync(new URL('./style.css', import.meta.url), 'utf8');

/** The script of the consent pages, likewise. */
export const consentScript = readFileSync(new URL('./consent.js', import.meta.url), 'utf8');

/**
 * The content security policy: a page's own styles and pictures, no frame around it, and no script but the consent
 * pages'. `form-action` is not set: Chromium also applies it to the redirects after a POST, so users could not return
 * to the app. Without foreign scripts and with escaped values, a page can't contain a foreign form.
 */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html;charset=UTF-8',
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

/** The colors of a page. */
export type Face = 'fitbit' | 'google' | 'control';

const disclaimers: Readonly<Record<Face, Html>> = {
  fitbit: html`This is not Fitbit. Parts marked with a <span class="dashed">dashed line</span> don’t exist on the real page.`,
  google: html`This is not Google. Parts marked with a <span class="dashed">dashed line</span> don’t exist on the real page.`,
  control: html`This is neither Fitbit nor Google. The people and their data are made up.`,
};

/** The optional parts of a page. */
interface PageOptions {
  /** What was wrong, for the list of requests. */
  readonly note?: string | undefined;
  /** Whether it runs {@link consentScript}. */
  readonly hasScript?: boolean;
}

/** A page. */
export function page(
  status: number,
  face: Face,
  title: string,
  content: Html,
  { note, hasScript = false }: PageOptions = {},
): Reply {
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/simulator.css">
${hasScript && html`<script src="/assets/consent.js" defer></script>`}
</head>
<body class="${face}">
<aside class="notice" aria-label="Simulator"><strong>Simulator.</strong> ${disclaimers[face]} <a href="/">Control page</a></aside>
${content}
</body>
</html>
`;
  const policy = hasScript ? `${contentSecurityPolicy}; script-src 'self'` : contentSecurityPolicy;
  const headers = { ...pageHeaders, 'content-security-policy': policy };
  return { status, headers, body: body.toString(), note };
}

/** A page with one message, in the control page's colors, with a link back to the app if it is known. */
export function messagePage(status: number, title: string, text: string, appURL?: string): Reply {
  const back = appURL !== undefined && html`<a class="button" href="${appURL}">Back to the app</a>`;
  const content = html`<main class="card"><h1>${title}</h1><p>${text}</p><p class="row">${back}<a href="/">Control page</a></p></main>`;
  return page(status, 'control', `${title} – simulator`, content, { note: text });
}

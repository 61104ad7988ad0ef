import { readFileSync } from 'node:fs';
import type { Reply } from '../http/reply.ts';
import { type Html, html } from './html.ts';

/** The styles of all pages, from the file beside this one; the build puts it beside the bundle. */
export const styles = readFileSync(new URL('./style.css', import.meta.url), 'utf8');

/**
 * What a page may load and do: its own styles and pictures, no script, no frame around it. There is no `form-action`:
 * Chromium applies it to the redirects after a POST as well, all the way into the app, so that the user could not get
 * back. (A page without script and with every value escaped has no foreign form to fear.)
 */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html;charset=UTF-8',
  'cache-control': 'no-store',
  'content-security-policy': contentSecurityPolicy,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

/** Whose colors a page has. */
export type Face = 'fitbit' | 'google' | 'control';

const disclaimers: Readonly<Record<Face, string>> = {
  fitbit: 'not Fitbit',
  google: 'not Google',
  control: 'neither Fitbit nor Google',
};

/** A page. */
export function page(status: number, face: Face, title: string, content: Html, note?: string): Reply {
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/simulator.css">
</head>
<body class="${face}">
<aside class="notice" aria-label="Simulator"><strong>Simulator.</strong> This is ${disclaimers[face]}: people and data are made up. <a href="/">Control page</a></aside>
${content}
</body>
</html>
`;
  return { status, headers: pageHeaders, body: body.toString(), note };
}

/** A page with one message, in the control page's colors. */
export function messagePage(status: number, title: string, text: string): Reply {
  const content = html`<main class="card"><h1>${title}</h1><p>${text}</p><p><a href="/">Go to the control page</a></p></main>`;
  return page(status, 'control', `${title} – simulator`, content, text);
}

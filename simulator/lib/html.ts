import type { Reply } from './http.ts';

/** Text that is HTML already. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: HTML as it is, everything else escaped. */
type Part = Html | string | number | false | undefined | readonly Part[];

/** A template whose values are escaped unless they are {@link Html}. `false` and `undefined` print nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(render)));
}

function render(part: Part): string {
  if (part === false || part === undefined) return '';
  if (part instanceof Html) return part.toString();
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part));
  return part.map(render).join('');
}

function escapeText(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/**
 * What a page may load and do: its own styles and pictures, no script, no frame around it.
 * There is no `form-action`: Chromium applies it to the redirects after a POST as well, all the way into
 * the app, so that it would break the way back. (A page without script and with every value escaped has
 * no foreign form to fear.)
 */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The headers of every page. */
const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html;charset=UTF-8',
  'cache-control': 'no-store',
  'content-security-policy': contentSecurityPolicy,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

/** A page of one of the simulator's three faces. */
export function page(
  status: number,
  face: 'fitbit' | 'google' | 'control',
  title: string,
  content: Html,
  note?: string,
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
</head>
<body class="${face}">
<aside class="notice" aria-label="Simulator"><strong>Simulator.</strong> This is ${
    face === 'google' ? 'not Google' : face === 'fitbit' ? 'not Fitbit' : 'neither Fitbit nor Google'
  }: people and data are made up. <a href="/">Control page</a></aside>
${content}
</body>
</html>
`;
  return { status, headers: pageHeaders, body: body.toString(), ...(note !== undefined && { note }) };
}

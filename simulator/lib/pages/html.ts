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

/** What a template takes: HTML as it is, everything else escaped. */
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

/** A long word that may continue on the next line after some characters. */
export function breakable(text: string, after: RegExp): Html {
  return html`${text.split(after).flatMap((part, index) => (index === 0 ? [part] : [html`<wbr>`, part]))}`;
}

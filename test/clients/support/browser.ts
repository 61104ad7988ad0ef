/** Where a browser is. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly body: string;
}

/** What is filled into a form. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** As much of a browser as a login needs: cookies, redirects and forms. */
export class Browser {
  #cookies: Cookie[] = [];

  /**
   * Goes to an address and follows the redirects from there.
   *
   * @param until stops at the first address that begins so, without asking for it: for clients that have no
   *   callback page
   */
  async open(url: string, until?: string): Promise<Page> {
    return this.#go(url, { method: 'GET' }, until);
  }

  /** Presses a button of the page's form: `fields` over the hidden ones. */
  async submit(page: Page, fields: Fields = {}, until?: string): Promise<Page> {
    const action = decode(/<form[^>]* action="([^"]*)"/.exec(page.body)?.[1] ?? '');
    const form = new URLSearchParams();
    for (const [tag] of page.body.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      form.set(attribute(tag, 'name'), attribute(tag, 'value'));
    }
    for (const [name, value] of Object.entries(fields)) {
      form.delete(name);
      for (const one of [value].flat()) form.append(name, one);
    }
    return this.#go(new URL(action, page.url).href, { method: 'POST', body: form }, until);
  }

  async #go(first: string, init: RequestInit, until?: string): Promise<Page> {
    let [url, request] = [first, init];
    for (let redirects = 0; redirects < 20; redirects += 1) {
      if (until !== undefined && url.startsWith(until)) return { url, status: 0, body: '' };
      const response = await fetch(url, {
        ...request,
        redirect: 'manual',
        headers: { cookie: this.#cookieHeader(url), accept: 'text/html' },
      });
      for (const line of response.headers.getSetCookie()) this.#keep(parseCookie(line, url));
      const body = await response.text();
      const location = response.headers.get('location');
      if (location === null) return { url, status: response.status, body };
      url = new URL(location, url).href;
      request = { method: 'GET' };
    }
    throw new Error(`Too many redirects: ${first}`);
  }

  #cookieHeader(url: string): string {
    const { origin, pathname } = new URL(url);
    const sent = this.#cookies.filter((each) => each.origin === origin && pathname.startsWith(each.path));
    return sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #keep(cookie: Cookie): void {
    const same = ({ origin, name, path }: Cookie) =>
      origin === cookie.origin && name === cookie.name && path === cookie.path;
    this.#cookies = this.#cookies.filter((each) => !same(each));
    if (!cookie.deleted) this.#cookies.push(cookie);
  }
}

interface Cookie {
  readonly origin: string;
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly deleted: boolean;
}

function parseCookie(line: string, url: string): Cookie {
  const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
  const expires = Date.parse(/expires=([^;]+)/i.exec(attributes)?.[1] ?? '');
  const deleted = expires <= Date.now() || /max-age=0\b/i.test(attributes);
  const path = /path=([^;]+)/i.exec(attributes)?.[1] ?? '/';
  return { origin: new URL(url).origin, name, value, path, deleted };
}

function attribute(tag: string, name: string): string {
  return decode(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
}

function decode(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}

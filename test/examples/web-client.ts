/** A page as it came. */
export interface Page {
  url: URL;
  status: number;
  headers: Headers;
  html: string;
  /** The text without tags, white space collapsed. */
  text: string;
}

/** What a browser does, without one: keeps cookies by host name, follows redirects, sends forms. */
export class WebClient {
  readonly #cookies = new Map<string, Map<string, string>>();
  /** Every answer, redirects included. */
  readonly pages: Page[] = [];

  get(url: string | URL): Promise<Page> {
    return this.#follow(new URL(url), undefined);
  }

  post(url: string | URL, form: URLSearchParams): Promise<Page> {
    return this.#follow(new URL(url), form);
  }

  /** Sends the form of a page that goes to `action`, with other values where given. */
  submit(page: Page, action: string, values: Record<string, string | string[]> = {}): Promise<Page> {
    const form = readForm(page.html, action);
    for (const [name, value] of Object.entries(values)) {
      form.delete(name);
      for (const one of [value].flat()) form.append(name, one);
    }
    return this.post(new URL(action, page.url), form);
  }

  /** One request, redirects not followed. */
  async request(url: URL, form?: URLSearchParams): Promise<Page> {
    const cookies = this.#cookies.get(url.hostname);
    const response = await fetch(url, {
      redirect: 'manual',
      ...(form && { method: 'POST', body: form }),
      headers: cookies ? { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') } : {},
    });
    this.#keep(url.hostname, response.headers.getSetCookie());
    const html = await response.text();
    const page = { url, status: response.status, headers: response.headers, html, text: textOf(html) };
    this.pages.push(page);
    return page;
  }

  cookieNames(hostname: string): string[] {
    return [...(this.#cookies.get(hostname)?.keys() ?? [])];
  }

  forgetCookies(): void {
    this.#cookies.clear();
  }

  async #follow(url: URL, form: URLSearchParams | undefined): Promise<Page> {
    let page = await this.request(url, form);
    for (let hops = 0; page.headers.has('location'); hops += 1) {
      if (hops === 10) throw new Error(`Too many redirects, the last to ${page.url.pathname}`);
      page = await this.request(new URL(page.headers.get('location') ?? '', page.url));
    }
    return page;
  }

  #keep(hostname: string, lines: readonly string[]): void {
    const cookies = this.#cookies.get(hostname) ?? new Map<string, string>();
    this.#cookies.set(hostname, cookies);
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const [, expires] = /;\s*expires=([^;]+)/i.exec(line) ?? [];
      const over = expires !== undefined && Date.parse(expires) <= Date.now();
      if (over || /;\s*max-age=0(;|$)/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
  }
}

/** The values that a form has when nobody touches it. */
function readForm(html: string, action: string): URLSearchParams {
  const forms = html.match(/<form[^>]*>[\s\S]*?<\/form>/g) ?? [];
  const form = forms.find((one) => one.includes(`action="${action}"`));
  if (form === undefined) throw new Error(`The page has no form that goes to ${action}`);
  const values = new URLSearchParams();
  for (const input of form.match(/<input[^>]*>/g) ?? []) {
    const attribute = (name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(input)?.[1];
    const boxed = /^(checkbox|radio)$/.test(attribute('type') ?? '');
    if (!boxed || /\schecked/.test(input)) values.append(attribute('name') ?? '', attribute('value') ?? '');
  }
  return values;
}

function textOf(html: string): string {
  return html
    .replaceAll(/<(script|svg|title)[^>]*>[\s\S]*?<\/\1>/g, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

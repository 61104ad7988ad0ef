import type { LoggedRequest } from 'fitbit-simulator';
import { afterEach, beforeEach } from 'vitest';
import { type Example, start } from '../../examples/migration/start.ts';
import { type Page, WebClient } from './web-client.ts';

/** The scopes that the app requests and Google lets users clear. No permission is selected when Google's page opens. */
const SCOPES = ['profile', 'activity_and_fitness', 'sleep'].map(
  (kind) => `https://www.googleapis.com/auth/googlehealth.${kind}.readonly`,
);

/** The migration example and its users, new for each test. */
export class MigrationExample {
  readonly #example: Example;
  /** The browser that is used unless a call names another one. */
  readonly browser = new WebClient();

  constructor(
    example: Example,
    /** The lines that the app has logged. */
    readonly log: readonly string[],
  ) {
    this.#example = example;
  }

  get url() {
    return this.#example.url;
  }

  get simulator() {
    return this.#example.simulator;
  }

  get accounts() {
    return this.#example.accounts;
  }

  close(): Promise<void> {
    return this.#example.close();
  }

  home(client = this.browser): Promise<Page> {
    return client.get(`${this.url}/home`);
  }

  /** From the link on the start page to the consent page. */
  startSignIn(name: 'fitbit' | 'google-health', client = this.browser): Promise<Page> {
    return client.get(`${this.url}/auth/${name}`);
  }

  async signIn(
    name: 'fitbit' | 'google-health',
    person: string,
    client = this.browser,
    scope = SCOPES,
  ): Promise<Page> {
    const choice = { person, decision: 'allow', ...(name === 'google-health' && { scope }) };
    return client.submit(await this.startSignIn(name, client), '/consent', choice);
  }

  /** From the button on the home page to Google's consent page. */
  async startConnecting(client = this.browser): Promise<Page> {
    return client.submit(await this.home(client), '/connect/google-health');
  }

  allow(consentPage: Page, person: string, client = this.browser): Promise<Page> {
    return client.submit(consentPage, '/consent', { person, decision: 'allow', scope: SCOPES });
  }

  async connect(person: string, client = this.browser): Promise<Page> {
    return this.allow(await this.startConnecting(client), person, client);
  }

  /** The URL to which Google would send the browser back, not followed. */
  async callbackURL(consentPage: Page, person: string): Promise<URL> {
    const client = new WebClient();
    const [id = ''] = /(?<=name="request" value=")[^"]+/.exec(consentPage.html) ?? [];
    const form = new URLSearchParams({ request: id, person, decision: 'allow' });
    for (const scope of SCOPES) form.append('scope', scope);
    const answer = await client.request(new URL('/consent', consentPage.url), form);
    return new URL(answer.headers.get('location') ?? '');
  }

  /** The requests that providers received, with `test`. */
  requests(test: (request: LoggedRequest) => boolean): LoggedRequest[] {
    return this.simulator.requests.filter(test);
  }

  /** The code exchanges and refreshes at Google. */
  exchanges(): LoggedRequest[] {
    return this.requests((request) => request.endpoint === 'token' && request.provider === 'google-health');
  }

  revocations(provider: 'fitbit' | 'google-health'): LoggedRequest[] {
    return this.requests((request) => request.endpoint === 'revoke' && request.provider === provider);
  }

  /** Waits for a log line: no response waits for what it reports. */
  async logged(line: string): Promise<void> {
    for (let tries = 0; !this.log.includes(line); tries += 1) {
      if (tries === 200) throw new Error(`"${line}" is not in ${JSON.stringify(this.log)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The id of the account that a page shows. */
  accountIn(page: Page): number {
    return Number(/Account (\d+)/.exec(page.text)?.[1]);
  }
}

/** Starts the example before each test. */
export function useMigrationExample(): { readonly app: MigrationExample } {
  let app: MigrationExample;
  beforeEach(async () => {
    const log: string[] = [];
    app = new MigrationExample(await start({ PORT: '0' }, (line) => log.push(line)), log);
  });
  afterEach(() => app.close());
  return {
    get app() {
      return app;
    },
  };
}

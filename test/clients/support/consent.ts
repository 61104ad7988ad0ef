import { Browser, type Page } from './browser.ts';

/** The callback address of clients that have no server: nobody listens there. */
export const CALLBACK = 'http://localhost:9/callback';

/**
 * Allows everything on the simulator's consent page.
 *
 * @param until see {@link Browser.open}
 */
export async function consent(
  browser: Browser,
  authorizationURL: string,
  person: string,
  until?: string,
): Promise<Page> {
  const page = await browser.open(authorizationURL);
  if (page.status !== 200) throw new Error(`No consent page, but ${page.status}: ${page.body}`);
  const scopes = [...page.body.matchAll(/<input type="checkbox" name="scope" value="([^"]+)"/g)];
  const scope = scopes.map((match) => match[1] ?? '');
  return browser.submit(page, { person, scope, decision: 'allow' }, until);
}

/** Consents in a fresh browser and gives the address that it is sent to: the callback with its code. */
export async function callbackOf(authorizationURL: string | URL, person: string): Promise<URL> {
  const { url } = await consent(new Browser(), String(authorizationURL), person, CALLBACK);
  if (!url.startsWith(CALLBACK)) throw new Error(`The browser was not sent back, but to ${url}`);
  return new URL(url);
}

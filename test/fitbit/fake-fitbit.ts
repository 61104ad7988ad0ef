import nock from 'nock';
import { afterEach, beforeAll } from 'vitest';

/** A request as it went over the wire. */
export interface RecordedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** One answer: an HTTP answer, or the error code with which the connection fails. */
export type Answer =
  | {
      status?: number;
      body?: string | object;
      headers?: Record<string, string>;
      delay?: number;
      /** Called when the request came. */
      meanwhile?: () => void;
    }
  | { fails: string };

// For each test file that imports this: no request leaves the process, and no answer outlives its test.
beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());

/**
 * Answers requests to a URL, each answer once and in this order, and records them. Any other request fails.
 *
 * The header `Connection` is left out of the record: it is nock's, not this package's.
 */
export function answer(method: 'GET' | 'POST', url: string, ...answers: Answer[]): RecordedRequest[] {
  const requests: RecordedRequest[] = [];
  const { origin, pathname, search } = new URL(url);
  for (const each of answers) {
    const interceptor = nock(origin).intercept(pathname + search, method);
    if ('fails' in each) {
      interceptor.replyWithError(Object.assign(new Error(each.fails), { code: each.fails }));
      continue;
    }
    interceptor.delay(each.delay ?? 0).reply(function (_path, body) {
      each.meanwhile?.();
      const { connection: _, ...headers } = this.req.headers;
      requests.push({
        method: this.req.method,
        url: `${origin}${this.req.path}`,
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        body: String(body),
      });
      const text = typeof each.body === 'object' ? JSON.stringify(each.body) : (each.body ?? '');
      return [each.status ?? 200, text, each.headers ?? {}];
    });
  }
  return requests;
}

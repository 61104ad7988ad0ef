import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { postControl } from './control.ts';
import { controlPage } from './control-page.ts';
import { gone } from './fitbit-errors.ts';
import { BodyTooLarge, gatewayPage, type Incoming, json, type Reply, readBody, readForm } from './http.ts';
import { messagePage } from './pages.ts';
import { ownPage, type Route, routes } from './routes.ts';
import { send, sendHalf } from './send.ts';
import type { State } from './state.ts';

/** The HTTP server of one simulator. */
export class SimulatorServer {
  readonly #state: State;
  readonly #hosts: ReadonlySet<string>;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closing: Promise<void> | undefined;

  /** `hosts` are the names, besides localhost and addresses, that a request may call the server by. */
  constructor(state: State, hosts: readonly string[]) {
    this.#state = state;
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#server = createServer((message, response) => {
      this.#serve(message, response).catch((error: unknown) => this.#fail(response, error));
    });
  }

  /** Starts to listen and gives the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host }, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Stops listening and ends every connection, also those that hang. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      for (const timer of this.#timers) clearTimeout(timer);
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    return this.#closing;
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#isOurHost(message.headers.host)) {
      const text = 'The simulator answers only to localhost, addresses and the names in "allowedHosts".';
      return send(response, json(421, { error: 'misdirected_request', error_description: text }));
    }
    const target = message.url ?? '';
    if (!URL.canParse(target, 'http://simulator')) return send(response, gatewayPage(400, 'Bad target.'));
    const url = new URL(target, 'http://simulator');
    const body = await readBody(message);
    const request: Incoming = {
      method: message.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      form: readForm(body, message.headers['content-type']),
    };
    const route = routes.find((one) => one.path === request.path);
    if (route !== undefined) return this.#serveEndpoint(route, request, response);
    send(response, this.#ownReply(request));
  }

  /**
   * A foreign page can point a name of its own at 127.0.0.1 and then read whatever the browser gets from
   * there (DNS rebinding). It can't do so with an address or with localhost.
   */
  #isOurHost(header: string | undefined): boolean {
    const host = (header ?? '').replace(/:\d*$/, '').toLowerCase();
    const address = /^(\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])$/.test(host);
    return address || host === 'localhost' || host.endsWith('.localhost') || this.#hosts.has(host);
  }

  #ownReply(request: Incoming): Reply {
    const state = this.#state;
    const { path, method } = request;
    if (path === '/' && method !== 'POST') return controlPage(state);
    if (path === '/control' && method === 'POST') return postControl(state, request);
    if (state.fitbitIsShutDown && path.startsWith('/fitbit/')) return gone(state);
    return ownPage(state, request) ?? messagePage(404, 'Not found', `There is nothing at ${path}.`);
  }

  async #serveEndpoint(route: Route, request: Incoming, response: ServerResponse): Promise<void> {
    const state = this.#state;
    const { provider, endpoint, path } = route;
    const { method, headers, query, form } = request;
    const time = new Date(state.clock.now());
    const log = state.requests.add({ provider, endpoint, method, path, headers, query, form, time });

    const strike = state.faults.take(provider, endpoint);
    if (strike === undefined) {
      const reply = this.#answer(route, request);
      log({ status: reply.status, note: reply.note });
      return send(response, reply);
    }
    log({ fault: strike.description });
    let reply = strike.after ? this.#answer(route, request) : undefined;
    await this.#wait(strike.delay);
    const { effect } = strike;
    if (effect === 'hang') return;
    if (effect === 'close') {
      response.destroy();
      return;
    }
    if (typeof effect === 'object') {
      log({ status: effect.status });
      return send(response, effect);
    }
    reply ??= this.#answer(route, request);
    log({ status: reply.status, note: reply.note });
    if (effect === 'truncate') sendHalf(response, reply);
    else send(response, reply);
  }

  #answer(route: Route, request: Incoming): Reply {
    const state = this.#state;
    if (route.provider === 'fitbit' && state.fitbitIsShutDown) return gone(state);
    if (route.methods.includes(request.method)) return route.handle(state, request);
    const note = `this endpoint takes ${route.methods.join(', ')}`;
    return { ...gatewayPage(405, 'Method Not Allowed'), note };
  }

  #wait(milliseconds: number): Promise<void> {
    if (milliseconds === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, milliseconds);
      this.#timers.add(timer);
    });
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (error instanceof BodyTooLarge) {
      return send(response, gatewayPage(413, 'The body is too large.'));
    }
    // The client went away while it was sending, or the simulator has a fault of its own.
    if (response.headersSent || response.destroyed) response.destroy();
    else send(response, json(500, { error: 'server_error', error_description: String(error) }));
  }
}

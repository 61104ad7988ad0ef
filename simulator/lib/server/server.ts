import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gone } from '../fitbit/errors.ts';
import { gatewayPage, json, type Reply, send, sendHalf } from '../http/reply.ts';
import { BodyTooLarge, type Incoming, readBody, readForm } from '../http/request.ts';
import type { FaultReply } from '../world/faults.ts';
import type { World } from '../world/world.ts';
import { ownPage } from './own-pages.ts';
import { type Route, routes } from './routes.ts';

/** The HTTP server of one simulator. */
export class SimulatorServer {
  readonly #world: World;
  readonly #hosts: ReadonlySet<string>;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closing: Promise<void> | undefined;

  /** `hosts` are the names that requests may use, besides localhost and IP addresses. */
  constructor(world: World, hosts: readonly string[]) {
    this.#world = world;
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#server = createServer((message, response) => {
      this.#serve(message, response).catch((error: unknown) => this.#fail(response, error));
    });
  }

  /** Starts to listen and returns the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host }, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Stops listening and closes every connection, including those that hang. */
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
      const text =
        'The simulator responds only to requests for localhost, IP addresses and the names in "allowedHosts".';
      return send(response, json(421, { error: 'misdirected_request', error_description: text }));
    }
    const target = message.url ?? '';
    if (!URL.canParse(target, 'http://simulator')) return send(response, gatewayPage(400, 'Bad target.'));
    const url = new URL(target, 'http://simulator');
    // Google's client library drops the path of a root URL that is set for a whole API.
    const path = url.pathname.startsWith('/v4/') ? `/google${url.pathname}` : url.pathname;
    const route = routes.find((one) => one.path.test(path));
    const match = route?.path.exec(path);
    const body = await readBody(message);
    const request: Incoming = {
      method: message.method ?? 'GET',
      path,
      query: url.searchParams,
      parameters: { ...match?.groups },
      headers: message.headers,
      form: readForm(body, message.headers['content-type'], route?.provider === 'google-health'),
      body,
    };
    if (route === undefined) send(response, ownPage(this.#world, request));
    else await this.#serveEndpoint(route, request, response);
  }

  /**
   * A website can point its own host name at 127.0.0.1 and then read the responses (DNS rebinding). That is not
   * possible with an IP address or localhost.
   */
  #isOurHost(header: string | undefined): boolean {
    const host = (header ?? '').replace(/:\d*$/, '').toLowerCase();
    const address = /^(\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])$/.test(host);
    return address || host === 'localhost' || host.endsWith('.localhost') || this.#hosts.has(host);
  }

  async #serveEndpoint(route: Route, request: Incoming, response: ServerResponse): Promise<void> {
    const world = this.#world;
    const { provider, endpoint } = route;
    const { method, path, headers, query, form } = request;
    const time = new Date(world.clock.now());
    const log = world.requests.add({ provider, endpoint, method, path, headers, query, form, time });
    const finish = (reply: Reply, end = send) => {
      log({ status: reply.status, note: reply.note });
      end(response, reply);
    };

    const strike = world.faults.take(provider, endpoint);
    if (strike === undefined) return finish(await this.#answer(route, request));
    log({ fault: strike.description });
    const early = strike.after ? await this.#answer(route, request) : undefined;
    await this.#wait(strike.delay);
    const { effect } = strike;
    if (effect === 'hang') return;
    if (effect === 'close') {
      response.destroy();
    } else if (effect === 'html') {
      finish(gatewayPage(502, 'We will be back soon. Maintenance!'));
    } else if (typeof effect === 'object') {
      finish(replyOf(effect));
    } else {
      finish(early ?? (await this.#answer(route, request)), effect === 'truncate' ? sendHalf : send);
    }
  }

  #answer(route: Route, request: Incoming): Reply | Promise<Reply> {
    const world = this.#world;
    if (route.provider === 'fitbit' && world.fitbitIsShutDown) return gone(world);
    if (route.methods.includes(request.method)) return route.handle(world, request);
    return gatewayPage(405, 'Method Not Allowed', `this endpoint takes ${route.methods.join(', ')}`);
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
    // The client disconnected while it was sending, or the simulator failed.
    if (response.headersSent || response.destroyed) response.destroy();
    else send(response, json(500, { error: 'server_error', error_description: String(error) }));
  }
}

/** The response that was set for a fault. */
function replyOf({ status, body = '', headers = {} }: FaultReply): Reply {
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain;charset=UTF-8' : 'application/json;charset=UTF-8';
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    status,
    headers: { 'content-type': type, ...Object.fromEntries(own) },
    body: isText ? body : JSON.stringify(body),
  };
}

import { checkFunction } from '../../util/arguments.ts';
import { type FetchHandler, type NodeHandler, toFetchHandler, toNodeHandler } from '../incoming/handlers.ts';
import { createReceiver, type SecurityEventOptions } from './receiver.ts';

/**
 * Makes a handler that receives Google's security events (RISC, RFC 8935), for Express and plain node:http. It
 * verifies the event token, responds, and calls the app afterwards.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * app.post('/security-events', createSecurityEventHandler({ clientIDs: [clientID], onEvent }));
 */
export function createSecurityEventHandler(options: SecurityEventOptions): NodeHandler {
  return toNodeHandler(createReceiver(options));
}

/** Settings of a receiver of security events on a Fetch-style server. */
export interface FetchSecurityEventOptions extends SecurityEventOptions {
  /** Keeps a serverless function alive until the promise has settled: the `waitUntil` of the platform. */
  waitUntil?: ((work: Promise<void>) => void) | undefined;
}

/**
 * Makes the same handler for servers that speak the Fetch API: Next.js, Hono, serverless functions.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * export const POST = createFetchSecurityEventHandler({ clientIDs: [clientID], onEvent });
 */
export function createFetchSecurityEventHandler(options: FetchSecurityEventOptions): FetchHandler {
  const receiver = createReceiver(options);
  if (options.waitUntil !== undefined) checkFunction(options.waitUntil, 'waitUntil');
  return toFetchHandler(receiver, options.waitUntil);
}

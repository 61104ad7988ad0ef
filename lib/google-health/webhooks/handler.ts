import { checkFunction } from '../../util/arguments.ts';
import { type FetchHandler, type NodeHandler, toFetchHandler, toNodeHandler } from '../incoming/handlers.ts';
import { createReceiver, type WebhookOptions } from './receiver.ts';

/**
 * Makes a handler that receives Google Health's notifications, for Express and plain node:http. It verifies the
 * secret and the signature, responds immediately, and calls the app afterwards.
 *
 * Mount it before `express.json()`: the signature is that of the unparsed body.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * app.post('/webhooks/google-health', createWebhookHandler({ secret, onNotification }));
 */
export function createWebhookHandler(options: WebhookOptions): NodeHandler {
  return toNodeHandler(createReceiver(options));
}

/** Settings of a webhook on a Fetch-style server. */
export interface FetchWebhookOptions extends WebhookOptions {
  /** Keeps a serverless function alive until the promise has settled: the `waitUntil` of the platform. */
  waitUntil?: ((work: Promise<void>) => void) | undefined;
}

/**
 * Makes the same handler for servers that speak the Fetch API: Next.js, Hono, serverless functions.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * export const POST = createFetchWebhookHandler({ secret, onNotification });
 */
export function createFetchWebhookHandler(options: FetchWebhookOptions): FetchHandler {
  const receiver = createReceiver(options);
  if (options.waitUntil !== undefined) checkFunction(options.waitUntil, 'waitUntil');
  return toFetchHandler(receiver, options.waitUntil);
}

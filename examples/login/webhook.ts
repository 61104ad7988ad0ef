import type { RequestHandler } from 'express';
import { createWebhookHandler } from 'passport-fitbit-strategy/google-health/webhooks';
import { accountID } from './accounts.ts';
import type { WebhookConfig } from './config.ts';
import type { LivePages } from './live.ts';
import { findProvider, type Provider } from './providers.ts';

/** The path of the webhook. */
export const WEBHOOK_PATH = '/webhooks/google-health';

/** Receives verified notifications of Google Health, and notifies the user's open pages. */
export function webhook(
  { secret, keysURL }: WebhookConfig,
  providers: readonly Provider[],
  pages: LivePages,
): RequestHandler {
  const { name, tokens, now } = findProvider(providers, 'google-health');
  return createWebhookHandler({
    secret,
    keysURL,
    now: () => now().getTime(),
    onNotification({ healthUserId, dataType }) {
      if (dataType === 'steps' || dataType === undefined) pages.tell(accountID(name, healthUserId));
    },
    // A DELETE may mean that the user withdrew the consent: a refresh finds out before the page is notified.
    tokens,
    userID: (healthUserId) => accountID(name, healthUserId),
  });
}

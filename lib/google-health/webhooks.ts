export type { ConsentTokens } from './incoming/consent-check.ts';
export type { FetchHandler, HeaderFields, NodeHandler } from './incoming/handlers.ts';
export type { NodeRequest } from './incoming/http-body.ts';
export { MemorySeenIDs, type MemorySeenIDsOptions, type SeenIDs } from './incoming/seen-ids.ts';
export { WebhookError, type WebhookErrorCode } from './webhooks/error.ts';
export {
  createFetchWebhookHandler,
  createWebhookHandler,
  type FetchWebhookOptions,
} from './webhooks/handler.ts';
export { createKeySet, type KeySet, type KeySetOptions } from './webhooks/key-set.ts';
export type {
  CivilDateTime,
  CivilTimeSpan,
  NotificationInterval,
  NotificationOperation,
  TimeSpan,
  WebhookNotification,
} from './webhooks/notification.ts';
export type { WebhookOptions } from './webhooks/receiver.ts';
export type {
  Subscriber,
  SubscriberConfig,
  SubscriberResult,
  WebhookProject,
} from './webhooks/subscriber-request.ts';
export {
  createSubscriber,
  deleteSubscriber,
  listSubscribers,
  listSubscriptions,
  type SubscriberSettings,
  type Subscription,
  subscribe,
  unsubscribe,
  updateSubscriber,
} from './webhooks/subscribers.ts';
export {
  type VerifiedNotification,
  type VerifyNotificationOptions,
  verifyNotification,
  type WebhookRequest,
} from './webhooks/verify-notification.ts';

import { isObject, isText } from '../../util/arguments.ts';
import { WebhookError } from './error.ts';

/** The change of a user's data. Google may add other operations. */
export type NotificationOperation = 'UPSERT' | 'DELETE' | (string & {});

/**
 * Reports a change of a user's data, and when the data was recorded. It has no health values.
 *
 * Only `healthUserId` and `operation` can be relied on. A known field with an undocumented type is omitted;
 * unknown fields are passed on.
 *
 * @see https://developers.google.com/health/webhooks
 */
export interface WebhookNotification {
  /** The user: the `profile.id` of a `GoogleHealthStrategy`. */
  healthUserId: string;
  /** `DELETE` also comes when the user revokes the permission or deletes the account. */
  operation: NotificationOperation;
  /** The version of the format; `1` so far. */
  version?: string;
  /** In kebab case, such as `steps` or `heart-rate`. */
  dataType?: string;
  /** Your name for the subscription; with the policy `AUTOMATIC`, a new UUID each time. */
  clientProvidedSubscriptionName?: string;
  /** When the data that changed was recorded. */
  intervals?: NotificationInterval[];
  [field: string]: unknown;
}

/** A time span, in up to three forms. */
export interface NotificationInterval {
  /** In UTC (RFC 3339). */
  physicalTimeInterval?: TimeSpan;
  /** In the user's local time, as numbers. */
  civilDateTimeInterval?: CivilTimeSpan;
  /** In the user's local time, without a zone (ISO 8601). */
  civilIso8601TimeInterval?: TimeSpan;
  [field: string]: unknown;
}

/** Start and end as texts. */
export interface TimeSpan {
  startTime?: string;
  endTime?: string;
  [field: string]: unknown;
}

/** Start and end as numbers. */
export interface CivilTimeSpan {
  startDateTime?: CivilDateTime;
  endDateTime?: CivilDateTime;
  [field: string]: unknown;
}

/** A date and time as numbers. A part that is zero may be absent. */
export interface CivilDateTime {
  date?: { year?: number; month?: number; day?: number; [field: string]: unknown };
  time?: { hours?: number; minutes?: number; seconds?: number; nanos?: number; [field: string]: unknown };
  [field: string]: unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON value of a body, or `undefined`. */
export function parseJSON(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    return undefined;
  }
}

/**
 * Reads the notifications of a body: a list, or a single one.
 *
 * @throws WebhookError `malformed`
 */
export function parseNotifications(body: Uint8Array): WebhookNotification[] {
  const value = parseJSON(body);
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => {
    const data = isObject(item) ? item.data : undefined;
    if (!isObject(data) || !isText(data.healthUserId) || !isText(data.operation)) {
      throw new WebhookError(
        'Google sent a signed notification that cannot be read: "data.healthUserId" or "data.operation" is missing. Google repeats it for seven days: update this package',
        { code: 'malformed', status: 400 },
      );
    }
    const { healthUserId, operation } = data;
    return { ...keep(data, NOTIFICATION), healthUserId, operation };
  });
}

/** Checks one field; gives `undefined` to leave it out. */
type Field = (value: unknown) => unknown;

const text: Field = (value) => (typeof value === 'string' ? value : undefined);
const number: Field = (value) => (typeof value === 'number' ? value : undefined);
const object =
  (fields: Record<string, Field>): Field =>
  (value) =>
    isObject(value) ? keep(value, fields) : undefined;
const list =
  (field: Field): Field =>
  (value) =>
    Array.isArray(value) ? value.map(field).filter((item) => item !== undefined) : undefined;

/** A copy of an object in which known fields have their type. */
function keep(source: Record<string, unknown>, fields: Record<string, Field>): Record<string, unknown> {
  const kept = { ...source };
  for (const [name, field] of Object.entries(fields)) {
    const value = field(source[name]);
    if (value === undefined) delete kept[name];
    else kept[name] = value;
  }
  return kept;
}

const TIME_SPAN = object({ startTime: text, endTime: text });
const CIVIL_DATE_TIME = object({
  date: object({ year: number, month: number, day: number }),
  time: object({ hours: number, minutes: number, seconds: number, nanos: number }),
});
const NOTIFICATION = {
  version: text,
  dataType: text,
  clientProvidedSubscriptionName: text,
  intervals: list(
    object({
      physicalTimeInterval: TIME_SPAN,
      civilDateTimeInterval: object({ startDateTime: CIVIL_DATE_TIME, endDateTime: CIVIL_DATE_TIME }),
      civilIso8601TimeInterval: TIME_SPAN,
    }),
  ),
};

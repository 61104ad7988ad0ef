import { randomUUID } from 'node:crypto';
import { utcOffset } from '../../world/health-data.ts';

/** What happened to a user's data. */
export interface Change {
  readonly healthUserID: string;
  readonly operation: 'UPSERT' | 'DELETE';
  /** In kebab case; undefined if the notification has none. */
  readonly dataType: string | undefined;
  /** The time span of the data, in milliseconds since 1970. */
  readonly interval: { readonly start: number; readonly end: number } | undefined;
}

/** The `data` of a notification. `subscription` is the name of a subscription of the app's own. */
export function notificationOf(change: Change, subscription: string | undefined): object {
  const { healthUserID, operation, dataType, interval } = change;
  return {
    version: '1',
    // With the policy AUTOMATIC it is a new id each time.
    ...(dataType !== undefined && { clientProvidedSubscriptionName: subscription ?? randomUUID() }),
    healthUserId: healthUserID,
    operation,
    ...(dataType !== undefined && { dataType }),
    ...(interval && { intervals: [intervalOf(interval.start, interval.end)] }),
  };
}

function intervalOf(start: number, end: number): object {
  const local = (instant: number) => new Date(instant + utcOffset);
  return {
    physicalTimeInterval: { startTime: text(new Date(start)), endTime: text(new Date(end)) },
    civilDateTimeInterval: { startDateTime: civil(local(start)), endDateTime: civil(local(end)) },
    civilIso8601TimeInterval: {
      startTime: text(local(start)).slice(0, -1),
      endTime: text(local(end)).slice(0, -1),
    },
  };
}

function text(date: Date): string {
  return date.toISOString().replace('.000', '');
}

/** A date and time as numbers. Proto JSON leaves zeros out. */
function civil(date: Date): object {
  const time = { hours: date.getUTCHours(), minutes: date.getUTCMinutes(), seconds: date.getUTCSeconds() };
  return {
    date: { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() },
    time: Object.fromEntries(Object.entries(time).filter(([, value]) => value !== 0)),
  };
}

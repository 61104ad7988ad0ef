import { describe, expect, it } from 'vitest';
import { parseNotifications } from '../../../lib/google-health/webhooks/notification.ts';
import { notificationBody, USER, VECTORS } from './google.ts';

const parse = (body: string | Buffer) => parseNotifications(Buffer.from(body));
const LEAST = { healthUserId: USER, operation: 'DELETE' };

describe('a body', () => {
  it('is a list, or a single notification', () => {
    expect(parse(JSON.stringify([{ data: LEAST }, { data: LEAST }]))).toEqual([LEAST, LEAST]);
    expect(parse(JSON.stringify({ data: LEAST }))).toEqual([LEAST]);
    expect(parse('[]')).toEqual([]);
  });

  it('has all fields of the example that was signed', () => {
    expect(parse(VECTORS.C.body)).toEqual([JSON.parse(VECTORS.C.body).data]);
  });

  it.each([
    ['nothing', ''],
    ['not JSON', 'data'],
    ['JSON that is cut', '[{"data":'],
    ['not UTF-8', Buffer.from('[{"data":{"healthUserId":"\xff","operation":"UPSERT"}}]', 'latin1')],
    ['a number', '5'],
    ['null', 'null'],
    ['a list of lists', `[[${JSON.stringify({ data: LEAST })}]]`],
    ['without data', '{}'],
    ['data that is null', '{"data":null}'],
    ['data that is a list', '{"data":[]}'],
    ['no user', '{"data":{"operation":"UPSERT"}}'],
    ['a user that is a number', '{"data":{"healthUserId":5,"operation":"UPSERT"}}'],
    ['an empty user', '{"data":{"healthUserId":"","operation":"UPSERT"}}'],
    ['no operation', '{"data":{"healthUserId":"5"}}'],
    ['an operation that is a list', '{"data":{"healthUserId":"5","operation":["UPSERT"]}}'],
    ['one good one and a bad one', JSON.stringify([{ data: LEAST }, { data: {} }])],
    ['everything in __proto__', '{"data":{"__proto__":{"healthUserId":"5","operation":"UPSERT"}}}'],
  ])('is refused when it has %s', (_name, body) => {
    expect(() => parse(body)).toThrow(
      expect.objectContaining({
        name: 'WebhookError',
        code: 'malformed',
        status: 400,
        message: expect.stringMatching(
          /^Google sent a signed notification that cannot be read: .*update this package/,
        ),
      }),
    );
  });
});

describe('a field', () => {
  it('that is unknown is passed on, and so is an unknown operation or data type', () => {
    const data = { healthUserId: USER, operation: 'MERGE', dataType: 'mood', extra: { a: [1] }, more: null };
    expect(parse(notificationBody(data))).toEqual([{ version: '1', ...data }]);
  });

  it.each([
    { version: 1 },
    { dataType: ['steps'] },
    { clientProvidedSubscriptionName: {} },
    { intervals: {} },
    { intervals: null },
  ])('of another type than documented is left out: %j', (wrong) => {
    expect(parse(JSON.stringify({ data: { ...LEAST, ...wrong } }))).toStrictEqual([LEAST]);
  });

  it('of another type is left out within intervals as well', () => {
    const time = { hours: 9, minutes: '5', seconds: 1, nanos: 2, zone: 'x' };
    const date = { year: 2026, month: 11, day: null };
    const intervals = [
      5,
      null,
      { physicalTimeInterval: { startTime: 5, endTime: '2026-11-22T08:05:00Z', note: 'x' }, note: 1 },
      { civilIso8601TimeInterval: [], physicalTimeInterval: 'x' },
      {
        civilDateTimeInterval: {
          startDateTime: { date, time, note: true },
          endDateTime: { date: 5, time: [] },
        },
        civilIso8601TimeInterval: { startTime: '2026-11-22T09:00:00', endTime: false },
      },
      { civilDateTimeInterval: { startDateTime: 5 } },
      { civilDateTimeInterval: 5 },
      {
        civilDateTimeInterval: {
          startDateTime: { date: { year: 'x' }, time: { hours: 'x', seconds: 'x', nanos: 'x' } },
        },
      },
      { civilDateTimeInterval: { startDateTime: { date: { month: 'x', day: 3 } } } },
    ];
    expect(parse(notificationBody({ intervals }))[0]?.intervals).toEqual([
      { physicalTimeInterval: { endTime: '2026-11-22T08:05:00Z', note: 'x' }, note: 1 },
      {},
      {
        civilDateTimeInterval: {
          startDateTime: {
            date: { year: 2026, month: 11 },
            time: { hours: 9, seconds: 1, nanos: 2, zone: 'x' },
            note: true,
          },
          endDateTime: {},
        },
        civilIso8601TimeInterval: { startTime: '2026-11-22T09:00:00' },
      },
      { civilDateTimeInterval: {} },
      {},
      { civilDateTimeInterval: { startDateTime: { date: {}, time: {} } } },
      { civilDateTimeInterval: { startDateTime: { date: { day: 3 } } } },
    ]);
  });
});

import { json, type OrReply, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import { type HealthDay, healthDays, utcOffset } from '../world/health-data.ts';
import type { World } from '../world/world.ts';
import { findHealthUser } from './data.ts';
import { apiError } from './errors.ts';
import { googleHealthPrefix } from './scopes.ts';

/** A data point, and the time by which it is filtered and sorted, in ms since 1970. */
interface DataPoint {
  readonly time: number;
  readonly point: object;
}

/** How the types of data differ. */
interface DataType {
  readonly scope: string;
  /** The field for filters. `civil` before its last part means the user's time zone. */
  readonly field: RegExp;
  readonly pageSize: number;
  readonly maxPageSize: number;
  readonly points: (day: HealthDay) => DataPoint[];
}

const dataSource = {
  recordingMethod: 'PASSIVELY_MEASURED',
  device: { displayName: 'Simulated tracker' },
  platform: 'FITBIT',
};

const dataTypes: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  [
    'steps',
    {
      scope: `${googleHealthPrefix}activity_and_fitness.readonly`,
      field: /^steps\.interval\.(civil_)?start_time$/,
      pageSize: 1440,
      maxPageSize: 10_000,
      points: ({ steps }) =>
        steps
          .filter(({ count }) => count > 0)
          .map(({ start, end, count }) => ({
            time: start,
            point: { dataSource, steps: { interval: interval(start, end), count: String(count) } },
          })),
    },
  ],
  [
    'heart-rate',
    {
      scope: `${googleHealthPrefix}health_metrics_and_measurements.readonly`,
      field: /^heart_rate\.sample_time\.(civil_|physical_)time$/,
      pageSize: 1440,
      maxPageSize: 10_000,
      points: ({ heartRates }) =>
        heartRates.map(({ time, bpm }) => ({
          time,
          point: {
            dataSource,
            heartRate: {
              sampleTime: { physicalTime: utc(time), utcOffset: offset, civilTime: civil(time) },
              beatsPerMinute: String(bpm),
            },
          },
        })),
    },
  ],
  [
    'sleep',
    {
      scope: `${googleHealthPrefix}sleep.readonly`,
      field: /^sleep\.interval\.(civil_)?end_time$/,
      pageSize: 25,
      maxPageSize: 25,
      points: (day) => (day.sleep.length > 0 ? [sleepPoint(day)] : []),
    },
  ],
]);

/** The data points of a type, newest first, page by page. */
export function googleDataPoints(world: World, request: Incoming): Reply {
  const invalid = (message: string) => apiError(400, 'INVALID_ARGUMENT', message, message);
  const type = dataTypes.get(request.parameters.type ?? '');
  if (type === undefined) {
    return invalid(`The simulator has the data types ${[...dataTypes.keys()].join(', ')}.`);
  }
  const user = findHealthUser(world, request, [type.scope], 'DataPointsService.ListDataPoints');
  if ('reply' in user) return user.reply;
  const filter = readFilter(request.query.get('filter') ?? '', type);
  if (filter === undefined) return invalid('Invalid filter.');
  const page = readPage(request, type);
  if ('reply' in page) return page.reply;

  const points = healthDays(user.person, world.clock.now(), world.walks.of(user.person.id))
    .flatMap(type.points)
    .filter(({ time }) => filter(time))
    .reverse();
  const next = page.start + page.size;
  return json(200, {
    dataPoints: points.slice(page.start, next).map(({ point }) => point),
    ...(next < points.length && { nextPageToken: Buffer.from(`from ${next}`).toString('base64url') }),
  });
}

/** Reads `<field> >= "<time>" AND <field> < "<time>"`; undefined if it is anything else. */
function readFilter(text: string, type: DataType): ((time: number) => boolean) | undefined {
  const checks: ((time: number) => boolean)[] = [];
  for (const part of text.split(' AND ').filter(Boolean)) {
    const [, field = '', operator, value = ''] = /^\s*([\w.]+) *(>=|<) *"([^"]+)"\s*$/.exec(part) ?? [];
    const isCivil = field.includes('civil_');
    // A civil time is in the user's time zone.
    const limit = isCivil
      ? Date.parse(`${value.replace(/Z$/, '')}${value.includes('T') ? 'Z' : ''}`) - utcOffset
      : Date.parse(value);
    if (!type.field.test(field) || Number.isNaN(limit)) return undefined;
    checks.push(operator === '<' ? (time) => time < limit : (time) => time >= limit);
  }
  return (time) => checks.every((check) => check(time));
}

function readPage({ query }: Incoming, type: DataType): OrReply<{ start: number; size: number }> {
  const size = Number(query.get('pageSize') ?? 0);
  const token = query.get('pageToken') ?? '';
  const [, start] = /^from (\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (!Number.isInteger(size) || size < 0 || (token !== '' && start === undefined)) {
    const message = 'Invalid page size or page token.';
    return { reply: apiError(400, 'INVALID_ARGUMENT', message, message) };
  }
  return { start: Number(start ?? 0), size: Math.min(size || type.pageSize, type.maxPageSize) };
}

const offset = `${utcOffset / 1000}s`;

function sleepPoint({ date, sleep }: HealthDay): DataPoint {
  const [start, end] = [sleep[0]?.start ?? 0, sleep.at(-1)?.end ?? 0];
  const minutes = (stages: HealthDay['sleep']) =>
    stages.reduce((sum, stage) => sum + (stage.end - stage.start) / 60_000, 0);
  const ofType = (type: string) => sleep.filter((stage) => stage.type === type);
  const awake = minutes(ofType('awake'));
  return {
    time: end,
    point: {
      name: `users/me/dataTypes/sleep/dataPoints/night-${date}`,
      dataSource,
      sleep: {
        interval: interval(start, end),
        type: 'STAGES',
        stages: sleep.map((stage) => ({
          startTime: utc(stage.start),
          startUtcOffset: offset,
          endTime: utc(stage.end),
          endUtcOffset: offset,
          type: stage.type.toUpperCase(),
        })),
        metadata: { stagesStatus: 'SUCCEEDED', processed: true, nap: false, mainSleep: true },
        summary: {
          minutesInSleepPeriod: String(minutes(sleep)),
          minutesAfterWakeUp: '0',
          minutesToFallAsleep: '0',
          minutesAsleep: String(minutes(sleep) - awake),
          minutesAwake: String(awake),
          stagesSummary: ['awake', 'light', 'deep', 'rem'].map((type) => ({
            type: type.toUpperCase(),
            minutes: String(minutes(ofType(type))),
            count: String(ofType(type).length),
          })),
        },
      },
    },
  };
}

function interval(start: number, end: number): object {
  return {
    startTime: utc(start),
    startUtcOffset: offset,
    endTime: utc(end),
    endUtcOffset: offset,
    civilStartTime: civil(start),
    civilEndTime: civil(end),
  };
}

function utc(instant: number): string {
  return new Date(instant).toISOString().replace('.000', '');
}

/** An instant as date and time in the user's time zone. */
function civil(instant: number): object {
  const local = new Date(instant + utcOffset);
  return {
    date: { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() },
    time: { hours: local.getUTCHours(), minutes: local.getUTCMinutes() },
  };
}

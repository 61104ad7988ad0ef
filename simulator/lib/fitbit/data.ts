import { json, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import {
  addDays,
  dateAt,
  type HealthDay,
  healthDay,
  type SleepStage,
  utcOffset,
} from '../world/health-data.ts';
import type { World } from '../world/world.ts';
import { fitbitError } from './errors.ts';
import { findFitbitUser } from './user.ts';

/** The activity summary of a day. */
export function fitbitActivity(world: World, request: Incoming): Reply {
  return answer(world, request, 'activity', '1d', ([day]) => {
    const steps = day === undefined ? 0 : stepsOf(day);
    const active = Math.round(steps / 110);
    const distance = Math.round(steps * 0.0714) / 100;
    return {
      activities: [],
      goals: { activeMinutes: 30, caloriesOut: 2500, distance: 8.05, floors: 10, steps: 10_000 },
      summary: {
        activeScore: -1,
        activityCalories: Math.round(steps * 0.045),
        caloriesBMR: 1480,
        caloriesOut: 1480 + Math.round(steps * 0.045),
        distances: [
          { activity: 'total', distance },
          { activity: 'tracker', distance },
        ],
        elevation: 0,
        fairlyActiveMinutes: Math.round(active * 0.2),
        floors: 0,
        lightlyActiveMinutes: Math.round(active * 0.6),
        marginalCalories: Math.round(steps * 0.03),
        restingHeartRate: day?.restingHeartRate,
        sedentaryMinutes: 1440 - active,
        steps,
        veryActiveMinutes: active - Math.round(active * 0.2) - Math.round(active * 0.6),
      },
    };
  });
}

/** The steps of each day of a period. */
export function fitbitSteps(world: World, request: Incoming): Reply {
  return answer(world, request, 'activity', request.parameters.period, (days) => ({
    'activities-steps': days.map((day) => ({ dateTime: day.date, value: String(stepsOf(day)) })),
  }));
}

/** The resting heart rate of each day of a period. */
export function fitbitHeartRate(world: World, request: Incoming): Reply {
  return answer(world, request, 'heartrate', request.parameters.period, (days) => ({
    'activities-heart': days.map(({ date, heartRates, restingHeartRate }) => ({
      dateTime: date,
      value: {
        customHeartRateZones: [],
        heartRateZones: zones(heartRates.map(({ bpm }) => bpm)),
        ...(heartRates.length > 0 && { restingHeartRate }),
      },
    })),
  }));
}

/** The sleep that ended on a day. */
export function fitbitSleep(world: World, request: Incoming): Reply {
  return answer(world, request, 'sleep', '1d', (days) => {
    const logs = days.filter(({ sleep }) => sleep.length > 0).map(sleepLog);
    const stages = logs[0]?.levels.summary;
    const sum = (name: 'minutesAsleep' | 'timeInBed') => logs.reduce((total, log) => total + log[name], 0);
    return {
      sleep: logs,
      summary: {
        ...(stages && {
          stages: Object.fromEntries(Object.entries(stages).map(([type, { minutes }]) => [type, minutes])),
        }),
        totalMinutesAsleep: sum('minutesAsleep'),
        totalSleepRecords: logs.length,
        totalTimeInBed: sum('timeInBed'),
      },
    };
  });
}

/** Runs the checks, reads the date and the period, and responds with the result of `bodyOf`. */
function answer(
  world: World,
  request: Incoming,
  scope: string,
  period: string | undefined,
  bodyOf: (days: readonly HealthDay[]) => unknown,
): Reply {
  const user = findFitbitUser(world, request, scope);
  if ('reply' in user) return user.reply;
  const now = world.clock.now();
  const dates = readDates(request.parameters.date ?? '', period ?? '', dateAt(now));
  if (dates === undefined) {
    const note =
      'a date is YYYY-MM-DD or today; a period is 1d, 7d, 30d, 1w, 1m or a later date within a year';
    return fitbitError(world, 400, 'validation', 'Invalid date or period.', note, user.headers);
  }
  return json(
    200,
    bodyOf(dates.map((date) => healthDay(user.person, date, now, world.walks.of(user.person.id)))),
    user.headers,
  );
}

/** The dates of a path: `date` is the last day of a named period, and the first one if `period` is a date. */
function readDates(date: string, period: string, today: string): string[] | undefined {
  const lengths = new Map([
    ['1d', 1],
    ['7d', 7],
    ['1w', 7],
    ['30d', 30],
    ['1m', 30],
  ]);
  const length = lengths.get(period);
  const [first, last] = [date, length === undefined ? period : date].map((one) =>
    one === 'today' ? today : one,
  );
  if (
    ![first, last].every(
      (one) => one !== undefined && /^\d{4}-\d\d-\d\d$/.test(one) && !Number.isNaN(Date.parse(one)),
    )
  ) {
    return undefined;
  }
  if (first === undefined || last === undefined) return undefined;
  const count = length ?? (Date.parse(last) - Date.parse(first)) / 86_400_000 + 1;
  if (count < 1 || count > 366) return undefined;
  return Array.from({ length: count }, (_, index) => addDays(last, index - count + 1));
}

function stepsOf({ steps }: HealthDay): number {
  return steps.reduce((sum, { count }) => sum + count, 0);
}

/** The time in each heart rate zone; each measurement counts for a quarter of an hour. */
function zones(rates: readonly number[]): object[] {
  const limits = [
    ['Out of Range', 30, 98],
    ['Fat Burn', 98, 120],
    ['Cardio', 120, 150],
    ['Peak', 150, 220],
  ] as const;
  return limits.map(([name, min, max]) => {
    const minutes = rates.filter((rate) => rate >= min && rate < max).length * 15;
    return { caloriesOut: minutes * 1.5, max, min, minutes, name };
  });
}

function sleepLog({ date, sleep }: HealthDay) {
  const [start, end] = [sleep[0]?.start ?? 0, sleep.at(-1)?.end ?? 0];
  const minutesAwake = minutesOf(sleep.filter(({ type }) => type === 'awake'));
  const timeInBed = minutesOf(sleep);
  const summary = Object.fromEntries(
    (['deep', 'light', 'rem', 'wake'] as const).map((level) => {
      const stages = sleep.filter((stage) => levelOf(stage) === level);
      return [level, { count: stages.length, minutes: minutesOf(stages), thirtyDayAvgMinutes: 0 }];
    }),
  );
  return {
    dateOfSleep: date,
    duration: end - start,
    efficiency: Math.round((1 - minutesAwake / timeInBed) * 100),
    endTime: localTime(end),
    infoCode: 0,
    isMainSleep: true,
    levels: {
      data: sleep.map((stage) => ({
        dateTime: localTime(stage.start),
        level: levelOf(stage),
        seconds: (stage.end - stage.start) / 1000,
      })),
      shortData: [],
      summary,
    },
    logId: Date.parse(date) / 1000,
    logType: 'auto_detected',
    minutesAfterWakeup: 0,
    minutesAsleep: timeInBed - minutesAwake,
    minutesAwake,
    minutesToFallAsleep: 0,
    startTime: localTime(start),
    timeInBed,
    type: 'stages',
  };
}

function levelOf({ type }: SleepStage): string {
  return type === 'awake' ? 'wake' : type;
}

function minutesOf(stages: readonly SleepStage[]): number {
  return stages.reduce((sum, { start, end }) => sum + (end - start) / 60_000, 0);
}

/** A time as Fitbit writes it: in the user's time zone, without an offset. */
function localTime(instant: number): string {
  return new Date(instant + utcOffset).toISOString().slice(0, -1);
}

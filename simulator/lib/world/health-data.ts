import { createHash } from 'node:crypto';
import type { Person } from './person.ts';

/** The offset of the users' time zone from UTC, in milliseconds. Their profiles say the same. */
export const utcOffset = 7_200_000;

const hour = 3_600_000;
const minute = 60_000;
const day = 24 * hour;

/** How many days back there is data. */
const history = 90;

/** A stage of sleep; times are milliseconds since 1970. */
export interface SleepStage {
  readonly type: 'awake' | 'light' | 'deep' | 'rem';
  readonly start: number;
  readonly end: number;
}

/** Steps that were taken within a time span, in milliseconds since 1970. */
export interface StepInterval {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** A user's data of one day, up to now. Times are milliseconds since 1970. */
export interface HealthDay {
  /** `YYYY-MM-DD` in the user's time zone. */
  readonly date: string;
  readonly restingHeartRate: number;
  /** The steps of each hour that has passed, and of each walk. */
  readonly steps: readonly StepInterval[];
  /** A heart rate for every 15 minutes. */
  readonly heartRates: readonly { readonly time: number; readonly bpm: number }[];
  /** The stages of the night that ended on this day, in order; empty before it has ended. */
  readonly sleep: readonly SleepStage[];
}

/** The share of a user's steps in each hour of the day. */
const walking = [0, 0, 0, 0, 0, 0, 1, 6, 9, 5, 3, 4, 8, 7, 3, 3, 4, 8, 10, 7, 4, 2, 1, 0];
const walkingSum = walking.reduce((sum, share) => sum + share, 0);

/** The date of a time in the users' time zone. */
export function dateAt(instant: number): string {
  return new Date(instant + utcOffset).toISOString().slice(0, 10);
}

/** A date some days later. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * day).toISOString().slice(0, 10);
}

/** The days up to now for which there is data, oldest first. */
export function healthDays(person: Person, now: number, walks: readonly StepInterval[] = []): HealthDay[] {
  const today = dateAt(now);
  return Array.from({ length: history }, (_, index) =>
    healthDay(person, addDays(today, index - history + 1), now, walks),
  );
}

/** A user's data of a day: the same at every start, except for the walks. */
export function healthDay(
  person: Person,
  date: string,
  now: number,
  walks: readonly StepInterval[] = [],
): HealthDay {
  const midnight = Date.parse(date) - utcOffset;
  const known = midnight <= now && midnight > now - history * day;
  const user = randomOf(person.id);
  const random = randomOf(`${person.id} ${date}`);
  const restingHeartRate = 54 + Math.floor(user(0) * 14) + Math.floor(random(0) * 4);
  const target = (5000 + user(1) * 6000) * (0.6 + random(1) * 0.8);
  const sleep = known ? night(midnight, random) : [];
  const woke = sleep.at(-1)?.end ?? midnight;
  const hours = known ? walking.map((share, index) => ({ share, start: midnight + index * hour })) : [];
  const steps = hours.map(({ share, start }, index) => ({
    start,
    end: start + hour,
    count: start < woke ? 0 : Math.round(((target * share) / walkingSum) * (0.7 + random(2 + index) * 0.6)),
  }));
  const heartRates = steps.flatMap(({ start, count }, index) =>
    [0, 1, 2, 3].map((quarter) => {
      const time = start + quarter * 15 * minute;
      const wobble = Math.floor(random(26 + index * 4 + quarter) * 9);
      const effort = time < woke ? -6 : 10 + Math.round(count / 40);
      return { time, bpm: restingHeartRate + effort + wobble };
    }),
  );
  return {
    date,
    restingHeartRate,
    steps: [
      ...steps.filter(({ end }) => end <= now),
      ...walks.filter(({ start, end }) => dateAt(start) === date && end <= now),
    ].sort((a, b) => a.start - b.start),
    heartRates: heartRates.filter(({ time }) => time <= now),
    sleep: woke <= now ? sleep : [],
  };
}

/** The stages of a night of six to eight hours that ends in the morning. */
function night(midnight: number, random: (index: number) => number): SleepStage[] {
  const cycle = ['light', 'deep', 'light', 'rem', 'awake'] as const;
  const lengths = { light: 28, deep: 20, rem: 18, awake: 3 };
  let start = midnight + Math.round(random(130) * 60 - 45) * minute;
  return Array.from({ length: 24 }, (_, index) => {
    const type = cycle[index % cycle.length] ?? 'light';
    const end = start + Math.round(lengths[type] * (0.7 + random(131 + index) * 0.5)) * minute;
    const stage = { type, start, end };
    start = end;
    return stage;
  });
}

/** Numbers from 0 to 1 that depend only on the seed and the index. */
function randomOf(seed: string): (index: number) => number {
  const start = createHash('sha256').update(seed).digest().readUInt32BE(0);
  return (index) => {
    // The finalizer of MurmurHash3: neighboring indexes give unrelated numbers.
    let bits = start + Math.imul(index + 1, 0x9e3779b9);
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}

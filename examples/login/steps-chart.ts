import type { DaySteps } from './steps.ts';

/** The chart for the view: widths and horizontal positions in percent, heights and vertical positions in pixels. */
export interface StepsChart {
  total: string;
  average: string;
  /** The steps of the last day. */
  today: string;
  /** A sentence that describes the picture. */
  summary: string;
  height: number;
  /** Where the bars begin, from the top. */
  base: number;
  bars: Bar[];
}

interface Bar {
  /** A short name below the bar. */
  label: string;
  /** The date, in full. */
  day: string;
  steps: string;
  /** Short enough for a phone. */
  short: string;
  isToday: boolean;
  x: number;
  width: number;
  center: number;
  y: number;
  height: number;
}

const HEIGHT = 220;
const TOP = 24; // space for the number above the highest bar
const BOTTOM = 190; // the days' names are below
const GAP = 0.3; // of a bar's share

const whole = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 2 });
const weekday = new Intl.DateTimeFormat('en-US', { weekday: 'short', timeZone: 'UTC' });
const fullDate = new Intl.DateTimeFormat('en-US', {
  weekday: 'long',
  month: 'short',
  day: 'numeric',
  timeZone: 'UTC',
});

/** Lays out the steps of some days, oldest first; the last one is today. */
export function stepsChart(days: readonly DaySteps[]): StepsChart {
  const counts = days.map(({ count }) => count);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(0, ...counts);
  const share = 100 / days.length;
  const yOf = (count: number) => Math.round(BOTTOM - (count / Math.max(1, most)) * (BOTTOM - TOP));
  const bars = days.map(({ date, count }, index): Bar => {
    const day = new Date(date);
    const isToday = index === days.length - 1;
    const x = index * share;
    return {
      label: isToday ? 'Today' : weekday.format(day),
      day: fullDate.format(day),
      steps: whole.format(count),
      short: compact.format(count),
      isToday,
      x: round(x + (share * GAP) / 2),
      width: round(share * (1 - GAP)),
      center: round(x + share / 2),
      y: yOf(count),
      height: BOTTOM - yOf(count),
    };
  });
  const best = bars[counts.indexOf(most)];
  return {
    total: whole.format(total),
    average: whole.format(Math.round(total / Math.max(1, days.length))),
    today: whole.format(counts.at(-1) ?? 0),
    summary: `Bar chart of your steps on the last ${days.length} days, ${whole.format(total)} in all. The most were ${best?.steps ?? 0}, on ${best?.day ?? 'no day'}.`,
    height: HEIGHT,
    base: BOTTOM,
    bars,
  };
}

function round(percent: number): number {
  return Math.round(percent * 100) / 100;
}

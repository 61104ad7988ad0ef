import { type Build, FLOOR, type Rival, type Runner } from './contenders/index.ts';
import { ratio } from './report.ts';
import type { Summary } from './statistics.ts';

/** The CPU that one contender needs for one login or callback, µs. */
export interface CpuUse<R extends Runner = Runner> {
  runner: R;
  cpu: Summary;
}

/** Columns that divide the CPU of each row by that of a reference. */
export interface RatioColumns {
  head: readonly string[];
  cells(cpu: Summary): string[];
}

/** The median CPU of a contender, µs; `NaN` if it was not measured. */
export function cpuOf(measured: readonly CpuUse[], wanted: Runner): number {
  return measured.find(({ runner }) => runner === wanted)?.cpu.median ?? Number.NaN;
}

export function buildsIn<M extends CpuUse>(measured: readonly M[]): (M & CpuUse<Build>)[] {
  return measured.filter((each): each is M & CpuUse<Build> => each.runner.role === 'build');
}

/** The rival with the lowest median. */
export function cheapestRival(measured: readonly CpuUse[]): CpuUse<Rival> {
  const rivals = measured.filter((each): each is CpuUse<Rival> => each.runner.role === 'rival');
  return rivals.reduce((cheapest, each) => (each.cpu.median < cheapest.cpu.median ? each : cheapest));
}

/**
 * The ratios to the floor and to the cheapest rival, to further contenders, and, where several builds are compared,
 * to the first of them.
 */
export function ratioColumns(measured: readonly CpuUse[], further: readonly Runner[] = []): RatioColumns {
  const [firstBuild, ...otherBuilds] = buildsIn(measured);
  const cheapest = cheapestRival(measured).runner;
  const references = [
    { head: 'of the floor', runner: FLOOR },
    { head: `of the cheapest rival (${cheapest.name})`, runner: cheapest },
    ...further
      .filter((runner) => runner !== cheapest)
      .map((runner) => ({ head: `of ${runner.name}`, runner })),
    ...(firstBuild !== undefined && otherBuilds.length > 0
      ? [{ head: `of ${firstBuild.runner.name}`, runner: firstBuild.runner }]
      : []),
  ];
  return {
    head: references.map(({ head }) => head),
    cells: ({ median }) => references.map(({ runner }) => ratio(median, cpuOf(measured, runner), 3)),
  };
}

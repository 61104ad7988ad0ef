import type { Summary } from './statistics.ts';

/** A table, for the terminal and for Markdown alike. */
export interface Table {
  title: string;
  /** What is measured and how to read it. */
  note: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A promise of the package, and whether the run kept it. */
export interface Goal {
  goal: string;
  /** The name of the build that was measured. */
  build: string;
  measured: string;
  /** `undefined` if the run was too disturbed to tell. */
  met: boolean | undefined;
}

export interface Section {
  tables: readonly Table[];
  goals: readonly Goal[];
}

export function tableToMarkdown({ title, note, head, rows }: Table): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [`## ${title}`, '', note, '', line(head), rule, ...rows.map(line)].join('\n');
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return 'no verdict: the floor was not the lowest';
  return met ? 'met' : 'missed';
}

export function goalsToMarkdown(goals: readonly Goal[]): string {
  const rows = goals.map(({ goal, build, measured, met }) => [goal, build, measured, verdict(met)]);
  const note = 'What the package promises, and what this run says of it.';
  return tableToMarkdown({ title: 'Goals', note, head: ['goal', 'build', 'measured', ''], rows });
}

/** `80.1 (75.8–93.0)`: the median and the quartiles. */
export function spread({ median, low, high }: Summary, digits = 1): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

/** `1.05 ×` */
export function ratio(value: number, base: number, digits = 2): string {
  return `${(value / base).toFixed(digits)} ×`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

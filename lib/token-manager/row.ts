import { checkString } from '../util/arguments.ts';
import type { TokenRecord } from './store.ts';

/** The columns of a token table, in the order of `toRow`. */
export const COLUMNS = [
  'version',
  'data',
  'expires_at',
  'refresh_since',
  'refresh_by',
  'refresh_until',
  'reauthorize',
] as const;

const NAME = /^[a-z_]\w{0,50}(\.[a-z_]\w{0,50})?$/i;

/** The values of a record's columns. */
export function toRow({ version, data, expiresAt, refresh, reauthorize }: TokenRecord) {
  return [
    version,
    data,
    Math.round(expiresAt),
    refresh === undefined ? null : Math.round(refresh.since),
    refresh?.by ?? null,
    refresh === undefined ? null : Math.round(refresh.until),
    reauthorize ?? null,
  ];
}

/** The record of a row. Drivers return large integers as strings, numbers or BigInts. */
export function fromRow(row: Record<string, unknown>): TokenRecord {
  const record: TokenRecord = {
    version: String(row.version),
    data: String(row.data),
    expiresAt: Number(row.expires_at),
  };
  if (row.refresh_since !== null) {
    record.refresh = {
      since: Number(row.refresh_since),
      by: String(row.refresh_by),
      until: Number(row.refresh_until),
    };
  }
  if (row.reauthorize !== null) record.reauthorize = String(row.reauthorize);
  return record;
}

/** A table's name in double quotes; a schema is quoted separately. */
export function quoteTable(table: string): string {
  checkString(table, 'table');
  if (!NAME.test(table)) throw new TypeError('"table" must be a name of letters, digits and underscores');
  return table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}

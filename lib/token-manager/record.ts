import { randomUUID } from 'node:crypto';
import { type TokenSet, withRaw } from '../client/token-set.ts';
import { isObject, isToken } from '../util/arguments.ts';
import { createSealer } from '../util/seal.ts';
import { unreadable } from './errors.ts';
import type { RefreshNote, TokenRecord } from './store.ts';

/** A token set to store. A refresh token, type, scopes and the provider's user id may be missing. */
export interface TokenInput {
  accessToken: string;
  refreshToken?: string | undefined;
  tokenType?: string | undefined;
  scope?: readonly string[] | undefined;
  /** When the access token expires. */
  expiresAt: Date;
  /** When the refresh token expires, if the provider says so. */
  refreshTokenExpiresAt?: Date | undefined;
  /** The user's id with the provider. */
  userID?: string | undefined;
}

/** The content of the `data` of a record. */
export interface Content {
  tokens: TokenSet;
  /** Identifies the token set. It stays the same while leases and marks change the record's version. */
  tokensID: string;
  /** Identifies the login that the tokens come from. It stays the same when they are refreshed. */
  loginID: string;
  /** When that login was saved, ms since the epoch. */
  loginAt: number;
  /** The provider's name, if the app passed one to `save`. */
  provider?: string | undefined;
  /** When the tokens were refreshed, ms since the epoch; `undefined` for those of a login. */
  refreshedAt?: number | undefined;
}

/** A record and its content. */
export interface Entry extends Content {
  record: TokenRecord;
}

/** The other fields of a record. */
export interface Marks {
  refresh?: RefreshNote | undefined;
  reauthorize?: string | undefined;
}

/**
 * Makes the record that a user's first login writes before its tokens. A delayed write may arrive at any time: an
 * insertion of the tokens would restore a user who was removed in the meantime; a replacement doesn't find its version.
 */
export function placeholder(): TokenRecord {
  return { version: randomUUID(), data: '', expiresAt: 0 };
}

/** Whether a record holds no tokens yet. */
export function isPlaceholder({ data }: TokenRecord): boolean {
  return data === '';
}

/** Turns token sets into records and back. */
export interface RecordCodec {
  /** Makes a record with a new version. */
  encode(userID: string, content: Content, marks?: Marks): Entry;
  /** @throws OAuthError `unreadable` */
  decode(userID: string, record: TokenRecord): Entry;
}

/**
 * Makes a codec.
 *
 * @param secrets encrypt the token sets, if there are any
 * @throws TypeError a wrong secret
 */
export function createCodec(secrets: string | readonly string[] | undefined): RecordCodec {
  const sealer = secrets === undefined ? undefined : createSealer(secrets, 'tokens', 'seal');
  return {
    encode(userID, content, { refresh, reauthorize } = {}) {
      const record: TokenRecord = {
        version: randomUUID(),
        data: '',
        expiresAt: content.tokens.expiresAt.getTime(),
        ...(refresh !== undefined && { refresh }),
        ...(reauthorize !== undefined && { reauthorize }),
      };
      const text = writeContent(userID, content);
      record.data = sealer === undefined ? text : sealer.seal(text, context(userID, record));
      return { ...content, record };
    },
    decode(userID, record) {
      const text = sealer === undefined ? record.data : sealer.open(record.data, context(userID, record));
      if (text === undefined) {
        throw unreadable(
          'they were sealed with a secret that is not among those of the `seal` option, or not at all, or changed',
        );
      }
      return readEntry(userID, text, record);
    },
  };
}

/** What a seal authenticates besides the tokens: a value copied to another user or version can't be decrypted. */
function context(userID: string, { version, expiresAt, refresh, reauthorize }: TokenRecord): string {
  return JSON.stringify([
    userID,
    version,
    expiresAt,
    refresh?.since,
    refresh?.by,
    refresh?.until,
    reauthorize,
  ]);
}

function writeContent(
  userID: string,
  { tokens, tokensID, loginID, loginAt, provider, refreshedAt }: Content,
): string {
  return JSON.stringify({
    user: userID,
    tokensID,
    loginID,
    loginAt,
    provider,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    tokenType: tokens.tokenType,
    scope: tokens.scope,
    userID: tokens.userID,
    expiresAt: tokens.expiresAt.getTime(),
    refreshTokenExpiresAt: tokens.refreshTokenExpiresAt?.getTime(),
    refreshedAt,
  });
}

function readEntry(userID: string, text: string, record: TokenRecord): Entry {
  let payload: unknown;
  try {
    payload = JSON.parse(text);
  } catch {
    // Without the parser's message, which quotes the text.
  }
  if (!isObject(payload)) {
    throw unreadable('if they are sealed, give the manager the same `seal` secrets');
  }
  const { user, tokensID, loginID, loginAt, provider, refreshedAt, expiresAt } = payload;
  const { refreshTokenExpiresAt: end } = payload;
  if (user !== userID) throw unreadable('they belong to another user');
  const wrong = (field: string) => unreadable(`"${field}" is missing or of a wrong type`);
  if (typeof tokensID !== 'string') throw wrong('tokensID');
  if (typeof loginID !== 'string') throw wrong('loginID');
  if (typeof loginAt !== 'number') throw wrong('loginAt');
  if (provider !== undefined && typeof provider !== 'string') throw wrong('provider');
  if (refreshedAt !== undefined && typeof refreshedAt !== 'number') throw wrong('refreshedAt');
  if (typeof expiresAt !== 'number') throw wrong('expiresAt');
  if (end !== undefined && typeof end !== 'number') throw wrong('refreshTokenExpiresAt');
  const { accessToken, refreshToken, tokenType, scope, userID: id } = payload;
  const fields: TokenFields = {
    accessToken,
    refreshToken,
    tokenType,
    scope,
    userID: id,
    expiresAt: new Date(expiresAt),
    refreshTokenExpiresAt: end === undefined ? undefined : new Date(end),
  };
  return { record, tokens: readTokens(fields, wrong), tokensID, loginID, loginAt, provider, refreshedAt };
}

/** The fields of a token set, of any type. */
interface TokenFields {
  accessToken?: unknown;
  refreshToken?: unknown;
  tokenType?: unknown;
  scope?: unknown;
  expiresAt?: unknown;
  refreshTokenExpiresAt?: unknown;
  userID?: unknown;
  raw?: unknown;
}

/**
 * Reads a token set of a login or a refresh, or a stored one. All are checked in the same way, so that a stored one can
 * always be read.
 *
 * @param wrong creates the error that names a wrong field
 */
export function readTokens(value: TokenFields, wrong: (field: string) => Error): TokenSet {
  const { accessToken, refreshToken, tokenType, scope, expiresAt, refreshTokenExpiresAt, userID, raw } =
    value;
  if (!isToken(accessToken)) throw wrong('accessToken');
  if (refreshToken !== undefined && !isToken(refreshToken)) throw wrong('refreshToken');
  if (tokenType !== undefined && typeof tokenType !== 'string') throw wrong('tokenType');
  if (scope !== undefined && !isStrings(scope)) throw wrong('scope');
  if (userID !== undefined && typeof userID !== 'string') throw wrong('userID');
  if (!isDate(expiresAt)) throw wrong('expiresAt');
  if (refreshTokenExpiresAt !== undefined && !isDate(refreshTokenExpiresAt)) {
    throw wrong('refreshTokenExpiresAt');
  }
  const tokens: Omit<TokenSet, 'raw'> = {
    accessToken,
    tokenType: tokenType ?? 'Bearer',
    scope: scope === undefined ? [] : [...scope],
    expiresAt,
  };
  if (refreshToken !== undefined) tokens.refreshToken = refreshToken;
  if (refreshTokenExpiresAt !== undefined) tokens.refreshTokenExpiresAt = refreshTokenExpiresAt;
  if (userID !== undefined) tokens.userID = userID;
  return withRaw(tokens, isObject(raw) ? raw : {});
}

function isDate(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

/** Shifts the times of a token set to another clock, by ms. */
export function shiftTimes(tokens: TokenSet, by: number): TokenSet {
  const { expiresAt, refreshTokenExpiresAt: end } = tokens;
  const shifted = {
    ...tokens,
    expiresAt: new Date(expiresAt.getTime() + by),
    ...(end !== undefined && { refreshTokenExpiresAt: new Date(end.getTime() + by) }),
  };
  return withRaw(shifted, tokens.raw);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

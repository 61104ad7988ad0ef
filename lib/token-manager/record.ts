import { randomUUID } from 'node:crypto';
import { isObject, isToken } from '../oauth2/arguments.ts';
import { type TokenSet, withRaw } from '../oauth2/tokens.ts';
import { createSealer } from '../util/seal.ts';
import { unreadable } from './errors.ts';
import type { TokenRecord } from './store.ts';

/** A token set with the record that it is stored as. */
export interface Entry {
  record: TokenRecord;
  tokens: TokenSet;
  /** When a refresh brought the tokens, ms since the epoch; `undefined` for those of a login. */
  refreshedAt?: number | undefined;
}

/** Turns token sets into records and back. */
export interface RecordCodec {
  /** A record with a version of its own. */
  encode(userID: string, tokens: TokenSet, refreshedAt?: number): Promise<Entry>;
  /** @throws OAuthError `unreadable` */
  decode(userID: string, record: TokenRecord): Promise<Entry>;
}

/**
 * @param secrets seal the token sets, if there are any
 * @throws TypeError a wrong secret
 */
export function createCodec(secrets: string | readonly string[] | undefined): RecordCodec {
  const sealer = secrets === undefined ? undefined : createSealer(secrets, 'tokens', 'seal');
  return {
    async encode(userID, tokens, refreshedAt) {
      const { accessToken, refreshToken, tokenType, scope, userID: providerID, expiresAt } = tokens;
      const payload = {
        user: userID, // Without a seal, this alone shows that a record was put into another user's row.
        accessToken,
        refreshToken,
        tokenType,
        scope,
        userID: providerID,
        expiresAt: expiresAt.getTime(),
        refreshedAt,
      };
      const version = randomUUID();
      const text = JSON.stringify(payload);
      const data = sealer === undefined ? text : sealer.seal(text, contextOf(userID, version));
      return {
        record: { version, data, expiresAt: expiresAt.getTime() },
        tokens,
        refreshedAt,
      };
    },
    async decode(userID, record) {
      const text =
        sealer === undefined ? record.data : sealer.open(record.data, contextOf(userID, record.version));
      const payload = text === undefined ? undefined : parse(text);
      if (payload === undefined) {
        throw unreadable(
          sealer === undefined
            ? 'if they are sealed, give the manager the same `seal` secrets'
            : 'they were changed, belong to another user, are not sealed, or were sealed with a secret that is not in the `seal` option',
        );
      }
      if (payload.user !== userID) throw unreadable('they belong to another user');
      return { record, ...readPayload(payload) };
    },
  };
}

/** What a sealed record belongs to: it opens neither in another user's row nor under another version. */
function contextOf(userID: string, version: string): string {
  return JSON.stringify([userID, version]);
}

function parse(data: string): Record<string, unknown> | undefined {
  try {
    const payload: unknown = JSON.parse(data);
    return isObject(payload) ? payload : undefined;
  } catch {
    return undefined;
  }
}

function readPayload(payload: Record<string, unknown>): Omit<Entry, 'record'> {
  const { accessToken, refreshToken, tokenType, scope, userID, expiresAt, refreshedAt } = payload;
  if (
    !isToken(accessToken) ||
    !(refreshToken === undefined || isToken(refreshToken)) ||
    typeof tokenType !== 'string' ||
    !Array.isArray(scope) ||
    typeof expiresAt !== 'number' ||
    !(refreshedAt === undefined || typeof refreshedAt === 'number')
  ) {
    throw unreadable('a field is missing or of a wrong type');
  }
  const tokens = {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    tokenType,
    scope: scope.map(String),
    expiresAt: new Date(expiresAt),
    ...(typeof userID === 'string' && { userID }),
  };
  return { tokens: withRaw(tokens, {}), refreshedAt };
}

import { randomUUID } from 'node:crypto';
import { isObject, isToken } from '../oauth2/arguments.ts';
import { createSealer } from '../oauth2/seal.ts';
import { type TokenSet, withRaw } from '../oauth2/tokens.ts';
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
        // Whose they are: a sealed record that somebody puts into another user's row does not open there.
        user: userID,
        accessToken,
        refreshToken,
        tokenType,
        scope,
        userID: providerID,
        expiresAt: expiresAt.getTime(),
        refreshedAt,
      };
      const data = sealer === undefined ? JSON.stringify(payload) : await sealer.seal(payload);
      return {
        record: { version: randomUUID(), data, expiresAt: expiresAt.getTime() },
        tokens,
        refreshedAt,
      };
    },
    async decode(userID, record) {
      const payload = sealer === undefined ? parse(record.data) : await sealer.unseal(record.data);
      if (payload === undefined) {
        throw unreadable(
          sealer === undefined
            ? 'if they are sealed, give the manager the same `seal` secrets'
            : 'they were sealed with a secret that is not among those of the `seal` option, or not at all, or changed',
        );
      }
      if (payload.user !== userID) throw unreadable('they belong to another user');
      return { record, ...readPayload(payload) };
    },
  };
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

import { checkToken } from './arguments.ts';
import { type Authentication, type CallOptions, checkCallOptions, post } from './client.ts';
import { ResponseError } from './errors.ts';
import type { Client } from './provider.ts';

// How a dead token is called, in the answers that were seen.
const DEAD = new Set(['invalid_token', 'expired_token', 'invalid_grant']);

/** Whether an error says that the token that was sent is dead: expired, revoked or never issued. */
export function isDeadToken(error: unknown): boolean {
  return error instanceof ResponseError && DEAD.has(error.code);
}

/**
 * Revokes a token (RFC 7009). One that is dead already counts as revoked: against RFC 7009 (section 2.2), both
 * providers answer with an error then.
 *
 * @throws TypeError a wrong token or option
 */
export async function revokeToken(
  client: Client<'revocationURL'>,
  token: string,
  authentication: Authentication,
  options: CallOptions,
): Promise<void> {
  checkToken(token, 'token');
  checkCallOptions(options);
  try {
    await post(client, client.endpoints.revocationURL, { token }, authentication, 'revoke', options);
  } catch (error) {
    if (!isDeadToken(error)) throw error;
  }
}

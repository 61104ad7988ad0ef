import { randomBytes } from 'node:crypto';
import type { Incoming } from '../http/request.ts';
import { readBearer } from '../http/request.ts';

/** The Google Cloud project that every simulated Google app belongs to. */
export class GoogleProject {
  /** The project number. */
  readonly number = '407410400000';
  /** The project id. Calls with it are refused: they need the number. */
  readonly id = 'simulated-project';
  /** An access token of a service account, with the scope `cloud-platform`. */
  readonly accessToken = `ya29.c.${randomBytes(60).toString('base64url')}`;

  /** Whether a request has the service account's token. */
  isAuthorized({ headers }: Incoming): boolean {
    return readBearer(headers.authorization) === this.accessToken;
  }
}

/** Why a URL must not be called; undefined for a server on this computer, and for https. */
export function endpointProblem(uri: unknown, isLoopback: (uri: string) => boolean): string | undefined {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return 'the URL of the endpoint is missing or no URL';
  if (isLoopback(uri) || new URL(uri).protocol === 'https:') return undefined;
  return 'the endpoint must be https, or a server on this computer';
}

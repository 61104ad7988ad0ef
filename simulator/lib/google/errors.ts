import { json, type Reply } from '../http/reply.ts';

/** An error in RFC 6749's shape, as Google's OAuth endpoints send it. */
export function oauthError(status: number, error: string, description: string, note: string): Reply {
  return json(status, { error, error_description: description }, {}, note);
}

/** 400 for a missing parameter. */
export function missingParameter(name: string): Reply {
  return oauthError(400, 'invalid_request', `Missing required parameter: ${name}`, `${name} is missing`);
}

/** The parts of a Google API error besides its message. */
export interface ErrorDetails {
  /** The `reason` of `google.rpc.ErrorInfo`. */
  readonly reason?: string;
  /** @default 'googleapis.com' */
  readonly domain?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The page that `google.rpc.Help` links to. */
  readonly help?: string;
  /** The seconds of `google.rpc.RetryInfo`. */
  readonly retryDelay?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error of a Google API (google.rpc.Status). */
export function apiError(
  code: number,
  status: string,
  message: string,
  note: string,
  { reason, domain = 'googleapis.com', metadata, help, retryDelay, headers }: ErrorDetails = {},
): Reply {
  const type = (name: string) => ({ '@type': `type.googleapis.com/google.rpc.${name}` });
  const details = [
    reason && { ...type('ErrorInfo'), reason, domain, ...(metadata && { metadata }) },
    help && {
      ...type('Help'),
      links: [{ description: 'Google developers console API activation', url: help }],
    },
    retryDelay !== undefined && { ...type('RetryInfo'), retryDelay: `${retryDelay}s` },
  ].filter(Boolean);
  const error = { code, message, status, ...(details.length > 0 && { details }) };
  return json(code, { error }, { ...headers }, note);
}

import { isObject } from '../util/arguments.ts';

/** Whether an error that a call has thrown says that the API responded with 401. */
export function isUnauthorizedError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { status, statusCode, httpStatus, response } = error as Record<string, unknown>;
  if (status === 401 || statusCode === 401 || httpStatus === 401) return true;
  return isObject(response) && response.status === 401;
}

/** Whether the result of a call is a response with the status 401: a `Response` of `fetch`, or a similar object. */
export function isUnauthorizedResponse(value: unknown): boolean {
  return isObject(value) && value.status === 401 && value.ok === false;
}

/** Frees the connection of a response that is not read. */
export async function discard(response: unknown): Promise<void> {
  if (!isObject(response) || !(response.body instanceof ReadableStream)) return;
  try {
    await response.body.cancel();
  } catch {
    // The app is reading it, which frees the connection too.
  }
}

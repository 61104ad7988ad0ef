import { isObject } from '../util/arguments.ts';

/** Whether what a call has thrown says that the API answered 401. */
export function isUnauthorizedError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { status, statusCode, httpStatus, response } = error as Record<string, unknown>;
  if (status === 401 || statusCode === 401 || httpStatus === 401) return true;
  return isObject(response) && response.status === 401;
}

/** Whether what a call has returned is an answer with the status 401: a `Response` of fetch, or one like it. */
export function isUnauthorizedResponse(value: unknown): boolean {
  return isObject(value) && value.status === 401 && value.ok === false;
}

/** Lets go of the connection that an answer nobody reads would keep. */
export async function discard(response: unknown): Promise<void> {
  if (!isObject(response) || !(response.body instanceof ReadableStream)) return;
  try {
    await response.body.cancel();
  } catch {
    // Somebody reads it: then it ends on its own.
  }
}

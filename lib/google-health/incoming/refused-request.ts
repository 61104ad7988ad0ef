/** A request to the app that was refused. */
export class RefusedRequest<Code extends string> extends Error {
  /** Why. */
  readonly code: Code;
  /** The status of the response. */
  readonly status: number;

  constructor(message: string, init: { code: Code; status: number; cause?: unknown }) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.status = init.status;
  }
}

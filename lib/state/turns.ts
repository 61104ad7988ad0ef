import type { Request } from 'express';
import { OAuthError } from '../client/errors.ts';

/** How many requests of one session may wait. */
const MAX_WAITING = 20;

interface Line {
  /** Settles, without a rejection, when the last turn has ended. */
  end: Promise<unknown>;
  waiting: number;
}

// By session id.
const lines = new Map<string, Line>();

/**
 * Runs a task, which has to end in time, when the earlier tasks of the same session have ended. A task is dropped if
 * its client has closed the connection by then.
 *
 * @throws OAuthError `session_busy`, `aborted`
 */
export function inTurn<T>(req: Request, task: () => Promise<T>): Promise<T> {
  const { sessionID } = req;
  if (sessionID === undefined) return task();

  const line = lines.get(sessionID) ?? { end: Promise.resolve(), waiting: 0 };
  if (line.waiting >= MAX_WAITING) return Promise.reject(busy());
  lines.set(sessionID, line);
  line.waiting += 1;
  const turn = line.end.then(() => {
    if (req.socket?.destroyed) throw clientGone();
    return task();
  });
  const ended = () => {
    line.waiting -= 1;
    if (line.waiting === 0) lines.delete(sessionID);
  };
  line.end = turn.then(ended, ended);
  return turn;
}

function busy(): OAuthError {
  return new OAuthError('Too many logins of this session are waiting for its store: try again', {
    code: 'session_busy',
    operation: 'authorization',
    retryable: true,
  });
}

function clientGone(): OAuthError {
  return new OAuthError('The client closed the connection while its login was waiting for its turn', {
    code: 'aborted',
    operation: 'authorization',
  });
}

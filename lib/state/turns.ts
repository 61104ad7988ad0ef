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
 * Runs a task when the earlier tasks of its session have ended. The task is dropped if its client has closed the
 * connection by then. There is no deadline: a task that never ends would block its session.
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
  return new OAuthError('Too many logins in this session are waiting for the session store: try again', {
    code: 'session_busy',
    operation: 'authorization',
    retryable: true,
  });
}

function clientGone(): OAuthError {
  return new OAuthError(
    'The browser closed the connection while the login was waiting for other requests in its session',
    {
      code: 'aborted',
      operation: 'authorization',
    },
  );
}

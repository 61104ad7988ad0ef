import type { Request } from 'express';
import { OAuthError } from 'passport-fitbit-strategy';
import { beforeEach, describe, expect, it } from 'vitest';
import { inTurn } from '../../lib/state/turns.ts';

let log: string[];
let ends: Map<string, () => void>;
beforeEach(() => {
  log = [];
  ends = new Map();
});
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A request of the session; its client is gone once `destroyed` is true. */
function requestOf(sessionID: string | undefined) {
  const socket = { destroyed: false };
  return { req: { sessionID, socket } as unknown as Request, socket };
}

/** Takes a turn that lasts until its end is called. */
function take(sessionID: string | undefined, name: string, { req } = requestOf(sessionID)) {
  return inTurn(req, async () => {
    log.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    return name;
  });
}

async function end(...names: string[]) {
  for (const name of names) {
    ends.get(name)?.();
    await settle();
  }
}

describe('turns of one session', () => {
  it('come one after the other, in the order in which they were requested', async () => {
    const turns = ['a', 'b', 'c'].map((name) => take('one', name));
    await settle();
    expect(log).toEqual(['a']);
    await end('a');
    expect(log).toEqual(['a', 'b']);
    turns.push(take('one', 'd'));
    await end('b', 'c', 'd');
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    expect(await Promise.all(turns)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('do not wait for those of another session, or for requests without one', async () => {
    take('two', 'a');
    take('three', 'b');
    take(undefined, 'c');
    take(undefined, 'd');
    await settle();
    expect(log.sort()).toEqual(['a', 'b', 'c', 'd']);
    await end('a', 'b', 'c', 'd');
  });

  it('go on after one that failed, whose error is not lost', async () => {
    const { req } = requestOf('five');
    const failed = expect(inTurn(req, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    const thrown = expect(
      inTurn(req, () => {
        throw new Error('thrown');
      }),
    ).rejects.toThrow('thrown');
    take('five', 'b');
    await failed;
    await thrown;
    await settle();
    expect(log).toEqual(['b']);
    await end('b');
  });

  it('are refused if twenty are in line already, and work again when the line is shorter', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `${index}`);
    const turns = names.map((name) => take('six', name));
    await expect(take('six', 'too many')).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'session_busy',
      operation: 'authorization',
      message: 'Too many logins in this session are waiting for the session store: try again',
      retryable: true,
    });
    take('seven', 'of another session');
    await settle();
    await end('of another session', '0');
    turns.push(take('six', 'again'));
    await expect(take('six', 'too many again')).rejects.toBeInstanceOf(OAuthError);
    await end(...names.slice(1), 'again');
    expect(await Promise.all(turns)).toEqual([...names, 'again']);
    expect(log).not.toContain('too many');
  });

  it('are dropped when the client has closed the connection, without delaying the next', async () => {
    const gone = requestOf('eight');
    take('eight', 'a');
    const dropped = expect(take('eight', 'b', gone)).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'aborted',
      operation: 'authorization',
      retryable: false,
      message: expect.stringContaining('closed the connection'),
    });
    take('eight', 'c');
    gone.socket.destroyed = true;
    await settle();
    await end('a');
    await dropped;
    expect(log).toEqual(['a', 'c']);
    await end('c');
  });

  it('need no socket, which some adapters leave out', async () => {
    const req = { sessionID: 'nine' } as Request;
    expect(await inTurn(req, async () => 'done')).toBe('done');
  });
});

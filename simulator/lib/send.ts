import type { ServerResponse } from 'node:http';
import type { Reply } from './http.ts';

/** Sends an answer. */
export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, headersOf(reply));
  response.end(reply.body);
}

/** Sends the first half of an answer and then ends the connection. */
export function sendHalf(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, headersOf(reply));
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

function headersOf(reply: Reply): Record<string, string> {
  return {
    // Nobody is to mistake an answer of the simulator's for a provider's, in a log or a trace either.
    'x-simulator': 'fitbit-simulator',
    ...(reply.note !== undefined && { 'simulator-note': asciiOnly(reply.note) }),
    ...reply.headers,
    'content-length': String(Buffer.byteLength(reply.body)),
  };
}

/** A note may quote what the request had; a header takes printable ASCII only. */
function asciiOnly(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}

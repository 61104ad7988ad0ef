import { Agent, request } from 'node:http';
import { serve } from '../rpc.ts';

// Sends a burst of requests, in a process of its own: the sender's work is none of the receiver's.

/** Sends a request many times at once, over a few connections, and resolves with how often each status came. */
async function send(
  url: string,
  { headers, body }: { headers: Record<string, string>; body: string },
  count: number,
): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const statuses: Record<string, number> = {};
  const post = () =>
    new Promise<void>((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', headers, agent }, (response) => {
        const status = String(response.statusCode);
        statuses[status] = (statuses[status] ?? 0) + 1;
        response.resume().on('end', resolve);
      });
      outgoing.on('error', reject).end(body);
    });
  await Promise.all(Array.from({ length: count }, post));
  agent.destroy();
  return statuses;
}

const handlers = { send };
export type BurstChild = typeof handlers;
serve(handlers);

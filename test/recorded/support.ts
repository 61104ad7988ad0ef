import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type FaultyServer, response, start } from '../support/faulty-server.ts';

const folder = new URL('../fixtures/recorded/', import.meta.url);

/** An answer of a provider that another project has recorded. */
export interface Recorded {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The recorded answer of a name, such as `fitbit/token`. */
export function recorded(name: string): Recorded {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

/** A recorded text. */
export function recordedText(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8').trim();
}

/** The names of a provider's recorded answers. */
export function namesOf(provider: 'fitbit' | 'google-health'): string[] {
  const files = readdirSync(new URL(`${provider}/`, folder));
  return files.filter((file) => file.endsWith('.json')).map((file) => file.replace('.json', ''));
}

/** Starts a server that replays answers on a real socket, each at the path of its name; it ends with the test. */
export function replay(answers: Readonly<Record<string, Recorded>>): Promise<FaultyServer> {
  return start({
    answer(socket, { path, headers, body }) {
      const { status, ...answer } = answers[path.slice(1)] ?? { status: 500, body: {} };
      const form = new URLSearchParams(body);
      // A provider repeats what it was sent.
      const sent: Record<string, string | null> = {
        '<code>': form.get('code'),
        '<refresh_token>': form.get('refresh_token') ?? form.get('token'),
        '<access_token>': headers.authorization?.replace('Bearer ', '') ?? null,
      };
      const text = JSON.stringify(answer.body).replaceAll(/<\w+>/g, (name) => sent[name] ?? name);
      socket.write(response(status, text, { 'Content-Type': 'application/json', ...answer.headers }));
    },
  });
}

/** The calls in whose answers an error may come. */
export const operations = ['code_exchange', 'profile', 'introspect', 'revoke', 'refresh'] as const;

export type Operation = (typeof operations)[number];

/** Everything that an app can print of a value. */
export function printed(value: unknown): string {
  return `${inspect(value, { depth: 10, showHidden: true })} ${JSON.stringify(value)}`;
}

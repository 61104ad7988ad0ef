import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { listen, SettingError } from '../listen.ts';
import { createApp } from './app.ts';
import { createProviders } from './providers.ts';
import { WEBHOOK_PATH } from './webhook.ts';

/** A running demo. */
export interface Demo {
  url: string;
  /** The simulator, if a provider is simulated. */
  simulator: Simulator | undefined;
  close(): Promise<void>;
}

/**
 * Starts the app, and the simulator for a provider whose client id and secret are not in the environment.
 *
 * | variable | meaning |
 * |---|---|
 * | `GOOGLE_CLIENT_ID`, `GOOGLE_CLIENT_SECRET` | an OAuth client of a Google Cloud project |
 * | `GOOGLE_WEBHOOK_SECRET` | the `Authorization` header of the subscriber that calls `/webhooks/google-health` |
 * | `FITBIT_CLIENT_ID`, `FITBIT_CLIENT_SECRET` | an app registered with Fitbit |
 * | `PORT` | default 3000; 0 for any free one |
 * | `HOST` | the address to listen on, default 127.0.0.1: this computer only |
 * | `BASE_URL` | the app's URL in browsers, default `http://localhost:<port>` |
 * | `DATA_FOLDER` | keeps accounts, sessions and tokens over a restart; default: in memory |
 * | `SECRET` | signs the session cookie and seals the tokens, 32 characters or more; default: generated, and kept in
 * `DATA_FOLDER` |
 *
 * @throws SettingError a variable can't be used
 */
export async function start(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<Demo> {
  checkBaseURL(env.BASE_URL);
  checkSecret(env.SECRET);
  const server = createServer();
  const port = await listen(server, env);

  let simulator: Simulator | undefined;
  const simulated = async () => {
    simulator ??= await startSimulator({ fitbit: { name: 'Daywalk' }, googleHealth: { name: 'Daywalk' } });
    return simulator;
  };
  const fitbit = credentials(env.FITBIT_CLIENT_ID, env.FITBIT_CLIENT_SECRET) ?? (await simulated()).fitbit;
  const googleHealth =
    credentials(env.GOOGLE_CLIENT_ID, env.GOOGLE_CLIENT_SECRET) ?? (await simulated()).googleHealth;

  const baseURL = env.BASE_URL ?? `http://localhost:${port}`;
  const dataFolder = env.DATA_FOLDER;
  const secret = env.SECRET ?? (await madeSecret(dataFolder));
  const isGoogleSimulated = simulator !== undefined && googleHealth === simulator.googleHealth;
  const webhook = isGoogleSimulated
    ? { secret: `Bearer ${randomBytes(32).toString('base64url')}`, keysURL: simulator?.webhooks.keysURL }
    : env.GOOGLE_WEBHOOK_SECRET
      ? { secret: env.GOOGLE_WEBHOOK_SECRET }
      : undefined;
  const config = { baseURL, secret, fitbit, googleHealth, webhook, simulator, dataFolder, log };
  const providers = createProviders(config);
  server.on('request', createApp(config, providers));
  if (isGoogleSimulated && webhook !== undefined) {
    const endpointUri = `http://127.0.0.1:${port}${WEBHOOK_PATH}`;
    await simulator?.webhooks
      .register({ endpointUri, secret: webhook.secret, dataTypes: ['steps'] })
      .catch((error: unknown) => log(`New steps are not shown by themselves: ${String(error)}`));
  }

  // Completes a refresh that a crash interrupted, while Fitbit still repeats its response.
  const recover = () => {
    for (const { tokens } of providers)
      tokens.recover().catch(() => log('Recovering tokens failed: will try again'));
  };
  recover();
  const timer = setInterval(recover, 30_000);

  log(`Daywalk is on ${baseURL}`);
  if (simulator !== undefined)
    log(`Signing in to a simulator on ${simulator.url}: made-up people, no network`);

  return {
    url: baseURL,
    simulator,
    async close() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
      await Promise.allSettled(providers.map(({ tokens }) => tokens.flush()));
      await simulator?.close();
    },
  };
}

function credentials(clientID: string | undefined, clientSecret: string | undefined) {
  return clientID && clientSecret ? { clientID, clientSecret } : undefined;
}

/** A secret that is kept together with the data that it protects. */
async function madeSecret(folder: string | undefined): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  if (folder === undefined) return secret;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/secret`;
  await writeFile(path, secret, { flag: 'wx', mode: 0o600 }).catch(() => {}); // it already exists
  return readFile(path, 'utf8');
}

/** The app's URL in browsers, with which the callback URLs begin. */
function checkBaseURL(text: string | undefined): void {
  if (text === undefined) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.origin === text) return;
  throw new SettingError(
    `BASE_URL is "${text}": set it to what browsers open, without a path or a slash at the end, such as https://app.example.`,
  );
}

function checkSecret(text: string | undefined): void {
  if (text === undefined || text.length >= 32) return;
  throw new SettingError('SECRET is too short: set it to at least 32 random characters, or leave it out.');
}

import { randomBytes } from 'node:crypto';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import type { GoogleHealthClient } from 'passport-fitbit-strategy/google-health';

// Next.js bundles each route separately, so module variables exist once for each of them.
const shared = globalThis as { simulator?: Promise<Simulator>; newSecret?: string };

/** Your app's registration at Google, or the local simulator's. */
export async function getClient(): Promise<GoogleHealthClient> {
  const { GOOGLE_CLIENT_ID: clientID, GOOGLE_CLIENT_SECRET: clientSecret } = process.env;
  if (clientID && clientSecret) return { clientID, clientSecret };
  shared.simulator ??= startSimulator();
  return (await shared.simulator).googleHealth;
}

export const baseURL = process.env.BASE_URL || `http://localhost:${process.env.PORT || 3000}`;
export const secure = baseURL.startsWith('https:');

shared.newSecret ??= randomBytes(32).toString('base64url');

/** Encrypts the cookies of sessions and logins. Without it in the environment, each start makes a new one. */
export const secret = process.env.COOKIE_SECRET || shared.newSecret;

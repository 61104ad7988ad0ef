import { randomBytes } from 'node:crypto';
import { startSimulator } from 'fitbit-simulator';

const { GOOGLE_CLIENT_ID: clientID, GOOGLE_CLIENT_SECRET: clientSecret } = process.env;

/** Your app's registration at Google, or the local simulator's. */
export const client =
  clientID && clientSecret ? { clientID, clientSecret } : (await startSimulator()).googleHealth;

export const port = Number(process.env.PORT || 3000);
export const baseURL = process.env.BASE_URL || `http://localhost:${port}`;
export const secure = baseURL.startsWith('https:');

/** Signs the session cookies. Without one in the environment, a restart ends the sessions. */
export const sessionSecret = process.env.SESSION_SECRET || randomBytes(32).toString('base64url');

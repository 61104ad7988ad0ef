import { randomBytes } from 'node:crypto';
import { startSimulator } from 'fitbit-simulator';

const { GOOGLE_CLIENT_ID: clientID, GOOGLE_CLIENT_SECRET: clientSecret } = process.env;

/** Your app's registration at Google, or the local simulator's. */
export const client =
  clientID && clientSecret ? { clientID, clientSecret } : (await startSimulator()).googleHealth;

export const port = Number(process.env.PORT || 3000);
export const baseURL = process.env.BASE_URL || `http://localhost:${port}`;
export const secure = baseURL.startsWith('https:');

const newSecret = () => randomBytes(32).toString('base64url');

/** Encrypts the cookies of logins in progress. Without it in the environment, each start makes a new one. */
export const cookieSecret = process.env.COOKIE_SECRET || newSecret();
/** Signs the session cookies. */
export const sessionSecret = process.env.SESSION_SECRET || newSecret();

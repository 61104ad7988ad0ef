import { type Simulator, startSimulator } from 'fitbit-simulator';

const { GOOGLE_CLIENT_ID: clientID, GOOGLE_CLIENT_SECRET: clientSecret } = process.env;
const real = clientID && clientSecret ? { clientID, clientSecret } : undefined;

/** The local simulator, unless the environment has your app's registration at Google. */
export const simulator: Simulator | undefined = real ? undefined : await startSimulator();

/** Your app's registration at Google, or the simulator's. */
export const client = real ?? simulator?.googleHealth ?? { clientID: '' };

/** Where the Google Health API is. */
export const apiURL = simulator?.apiURL.googleHealth ?? 'https://health.googleapis.com';

/** The file with the tokens, which your web app writes after each login. */
export const tokenFile = process.env.TOKEN_FILE || 'tokens.sqlite';

/** How often the worker reads each user's data, ms. */
export const interval = Number(process.env.INTERVAL || 60_000);

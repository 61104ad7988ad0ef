import type { Agent } from 'node:http';
import {
  checkAgent,
  checkFunction,
  checkObject,
  checkTimeout,
  checkToken,
  checkURL,
  isObject,
} from '../../util/arguments.ts';
import { errorOf, type GoogleRequest, requestGoogle } from '../incoming/google-request.ts';

/** The Google Cloud project whose webhook subscribers are managed, and how to access them. */
export interface WebhookProject {
  /** The project number, not the project id: digits only, as on the welcome page of the Google Cloud console. */
  projectNumber: string;
  /**
   * Returns an access token with the scope `cloud-platform`, of a service account with a Google Health role; never a
   * user's token. With a `GoogleAuth` of google-auth-library: `() => auth.getAccessToken()`.
   */
  accessToken: () => string | null | undefined | Promise<string | null | undefined>;
  /** The project that is charged (`x-goog-user-project`). Required for the credential of a user account. */
  quotaProject?: string | undefined;
  /**
   * @default https://health.googleapis.com/v4
   */
  baseURL?: string | undefined;
  /**
   * The deadline of one request, ms. Google calls the webhook before it responds.
   * @default 30_000
   */
  timeout?: number | undefined;
  /** An `http.Agent` or `https.Agent`. */
  agent?: Agent | undefined;
}

/** The data types that a subscriber is notified about. */
export interface SubscriberConfig {
  /** In kebab case, such as `steps`. */
  dataTypes: readonly string[];
  /** `AUTOMATIC`: for every user who granted access; `MANUAL`: for users for whom `subscribe` was called. */
  subscriptionCreatePolicy: 'AUTOMATIC' | 'MANUAL';
}

/** A subscriber as Google describes it. Every field may be absent. */
export interface Subscriber {
  /** `projects/{number}/subscribers/{id}` */
  name?: string;
  endpointUri?: string;
  state?: 'UNVERIFIED' | 'ACTIVE' | 'INACTIVE' | (string & {});
  subscriberConfigs?: SubscriberConfig[];
  [field: string]: unknown;
}

/** The result of a change of a subscriber. */
export interface SubscriberResult {
  /** `false` if Google has not completed the change yet. */
  done: boolean;
  /** The name of Google's operation. */
  operation?: string;
  /** The subscriber, if the change is complete. */
  subscriber?: Subscriber;
}

const DEFAULT_BASE_URL = 'https://health.googleapis.com/v4';

/** Sends a request. For errors, it also returns the request. */
export async function send(
  project: WebhookProject,
  method: string,
  path: string,
  body?: object,
  secret?: string,
): Promise<{ json: Record<string, unknown>; request: GoogleRequest }> {
  checkProject(project);
  const { projectNumber, quotaProject, baseURL = DEFAULT_BASE_URL, timeout = 30_000, agent } = project;
  const token = await project.accessToken();
  checkToken(token, 'accessToken()');
  const request: GoogleRequest = {
    method,
    url: `${baseURL}/projects/${projectNumber}/${path}`,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(quotaProject !== undefined && { 'x-goog-user-project': quotaProject }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    operation: 'subscriber',
    timeout,
    agent,
    secrets: secret === undefined ? [token] : [token, secret],
  };
  const { json } = await requestGoogle(request, remedy);
  return { json, request };
}

/** Sends a change, whose response is a long-running operation or the subscriber itself. */
export async function change(...args: Parameters<typeof send>): Promise<SubscriberResult> {
  const { json, request } = await send(...args);
  const { done, name, response, error } = json;
  if (isObject(error)) {
    const status = RPC_CODES.get(error.code) ?? 'UNKNOWN';
    const body = JSON.stringify({ error: { ...error, status } });
    throw errorOf(request, { status: 400, headers: {}, body }, remedy);
  }
  const isOperation = typeof name === 'string' && /(^|\/)operations\//.test(name);
  if (done === undefined && !isOperation) return { done: true, subscriber: json };
  return {
    done: done === true,
    ...(typeof name === 'string' && { operation: name }),
    ...(isObject(response) && { subscriber: response }),
  };
}

/** Reads all pages of a list. */
export async function list(
  project: WebhookProject,
  path: string,
  field: string,
): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  let token = '';
  do {
    const query = token === '' ? '' : `?pageToken=${encodeURIComponent(token)}`;
    const { json } = await send(project, 'GET', path + query);
    const page = json[field];
    if (Array.isArray(page)) all.push(...page.filter(isObject));
    token = typeof json.nextPageToken === 'string' ? json.nextPageToken : '';
  } while (token !== '');
  return all;
}

// https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
const RPC_CODES = new Map<unknown, string>([
  [3, 'INVALID_ARGUMENT'],
  [5, 'NOT_FOUND'],
  [6, 'ALREADY_EXISTS'],
  [7, 'PERMISSION_DENIED'],
  [9, 'FAILED_PRECONDITION'],
]);

function remedy(code: string): string | undefined {
  switch (code) {
    case 'failed_precondition':
      return 'Google called the webhook and expected 201 with the secret and 401 without it. Check that the URL is reachable from outside and that the webhook has the same secret, scheme included. For a subscription, check that a MANUAL config of the subscriber has the data type.';
    case 'invalid_argument':
      return 'Check that projectNumber is the number of your project, and that each data type is in kebab case and supported by webhooks.';
    case 'permission_denied':
    case 'unexpected_status':
      return 'Check that projectNumber is the number of your project, that the Google Health API is enabled there, and that the service account has a Google Health role.';
    case 'unauthenticated':
    case 'access_token_scope_insufficient':
      return 'The access token must have the scope https://www.googleapis.com/auth/cloud-platform.';
    case 'disallowed_oauth_scopes':
      return 'Use an access token with the scope cloud-platform alone: tokens of a login, with googlehealth scopes, are for user data.';
    case 'already_exists':
    case 'conflict':
      return 'This subscriber or subscription already exists: list them, then update or delete it.';
    case 'not_found':
      return 'There is no such subscriber or subscription in this project: list them.';
    default:
      return undefined;
  }
}

function checkProject(project: WebhookProject): void {
  checkObject(project, 'project');
  const { projectNumber, accessToken, quotaProject, baseURL, timeout, agent } = project;
  if (typeof projectNumber !== 'string' || !/^\d+$/.test(projectNumber)) {
    throw new TypeError(
      '"projectNumber" must be the number of the Google Cloud project, as a string of digits, and not its id: `gcloud projects describe ID --format="value(projectNumber)"` prints it',
    );
  }
  checkFunction(accessToken, 'accessToken');
  if (quotaProject !== undefined) checkToken(quotaProject, 'quotaProject');
  if (baseURL !== undefined) checkURL(baseURL, 'baseURL');
  if (timeout !== undefined) checkTimeout(timeout);
  if (agent !== undefined) checkAgent(agent);
}

/** How many steps a user took on a day. */
export interface DaySteps {
  /** `YYYY-MM-DD` in the user's time zone. */
  date: string;
  count: number;
}

/** An API refused a request for data, or sent something unexpected. `TokenManager.use` looks at the status. */
export class DataError extends Error {
  override name = 'DataError';
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

const DAY = 24 * 3_600_000; // ms
const DAYS = 7;
const TIMEOUT = 5_000; // ms; the dashboard waits for it
const MAX_PAGES = 5; // a week has about 10,000 data points, which is one page

/**
 * Reads the steps of the last seven days from Fitbit.
 *
 * @throws DataError
 * @see https://dev.fitbit.com/build/reference/web-api/activity-timeseries/get-activity-timeseries-by-date/
 */
export async function fitbitSteps(apiURL: string, accessToken: string): Promise<DaySteps[]> {
  const body = await getJSON(`${apiURL}/1/user/-/activities/steps/date/today/7d.json`, accessToken);
  return list(body['activities-steps']).map(({ dateTime, value }) => toDay(dateTime, value));
}

/**
 * Reads the steps of the last seven days from Google Health, which has them as many short intervals.
 *
 * @param now the time, ms since the epoch
 * @throws DataError
 * @see https://developers.google.com/health/reference/rest/v4/users.dataTypes.dataPoints/list
 */
export async function googleSteps(apiURL: string, accessToken: string, now: number): Promise<DaySteps[]> {
  // One day more than the chart shows: the user's today may be yesterday in UTC.
  const from = dateOf(now - DAYS * DAY);
  const counts = new Map<string, number>();
  let offset: number | undefined;
  let pageToken = '';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = new URLSearchParams({
      filter: `steps.interval.civil_start_time >= "${from}"`,
      pageSize: '10000',
      ...(pageToken !== '' && { pageToken }),
    });
    const body = await getJSON(`${apiURL}/v4/users/me/dataTypes/steps/dataPoints?${query}`, accessToken);
    for (const { steps } of list(body.dataPoints)) {
      const { interval, count } = object(steps);
      const { civilStartTime, startUtcOffset } = object(interval);
      const { year, month, day } = object(object(civilStartTime).date);
      const point = toDay(`${year}-${two(month)}-${two(day)}`, count);
      counts.set(point.date, (counts.get(point.date) ?? 0) + point.count);
      offset ??= Number.parseInt(String(startUtcOffset), 10) * 1000; // the newest point comes first
    }
    if (typeof body.nextPageToken !== 'string' || body.nextPageToken === '') break;
    pageToken = body.nextPageToken;
  }
  const today = now + (offset || 0);
  return Array.from({ length: DAYS }, (_, index) => {
    const date = dateOf(today - (DAYS - 1 - index) * DAY);
    return { date, count: counts.get(date) ?? 0 };
  });
}

async function getJSON(url: string, accessToken: string): Promise<Record<string, unknown>> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${accessToken}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    body = response.ok ? await response.json() : await response.body?.cancel();
  } catch {
    throw new DataError('The steps could not be read: no usable response');
  }
  if (!response.ok)
    throw new DataError(`The steps could not be read: status ${response.status}`, response.status);
  return object(body);
}

function toDay(date: unknown, count: unknown): DaySteps {
  const day = { date: String(date), count: Number(count) };
  if (Number.isNaN(Date.parse(day.date)) || !Number.isFinite(day.count)) throw unexpected();
  return day;
}

function dateOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

function two(value: unknown): string {
  return String(value).padStart(2, '0');
}

/** The objects of a list. APIs omit empty lists. */
function list(value: unknown): Record<string, unknown>[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw unexpected();
  return value.map(object);
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw unexpected();
  return { ...value };
}

function unexpected(): DataError {
  return new DataError('The steps could not be read: the response is not as documented');
}

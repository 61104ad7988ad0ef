/**
 * A scope of the Fitbit Web API. Read-only or read and write is a setting of the registered app.
 * @see https://dev.fitbit.com/build/reference/web-api/developer-guide/application-design/#Scopes
 */
export type FitbitScope =
  | 'activity'
  | 'cardio_fitness'
  | 'electrocardiogram'
  | 'heartrate'
  | 'irregular_rhythm_notifications'
  | 'location'
  | 'nutrition'
  | 'oxygen_saturation'
  | 'profile'
  | 'respiratory_rate'
  | 'settings'
  | 'sleep'
  | 'social'
  | 'temperature'
  | 'weight';

/** A known scope, offered by editors, or any other string. */
export type FitbitScopeName = FitbitScope | (string & {});

/** The access to one kind of data. */
export type Access = 'read' | 'write';

/**
 * Reads the scope of an introspection response: a Java map printed as text,
 * `{ACTIVITY=READ, HEARTRATE=READ_WRITE}`. A plain list of scopes counts as permission to read.
 */
export function parseScopeMap(text: string): Record<string, Access> {
  const entries = text.replace(/^\s*\{|\}\s*$/g, '').split(/[\s,]+/);
  return Object.fromEntries(
    entries.flatMap((entry): [string, Access][] => {
      const [name = '', access = ''] = entry.toLowerCase().split('=');
      return name === '' ? [] : [[name, access.includes('write') ? 'write' : 'read']];
    }),
  );
}

import type { Request } from 'express';
import { isObject } from '../util/arguments.ts';
import { LoginFailure } from './failure.ts';

/** A callback from the provider (RFC 6749, sections 4.1.2 and 4.1.2.1). */
export interface Callback {
  /** The authorization code; absent if the provider refused. */
  code?: string | undefined;
  /** Why the provider refused. */
  error?: string | undefined;
  /** The provider's text, if it is a string. */
  errorDescription?: string | undefined;
  /** The provider's more precise code. */
  errorSubtype?: string | undefined;
  state: string | undefined;
  /** The other parameters that are single strings. */
  params: Readonly<Record<string, string>>;
}

/** The longest parameter that is accepted, characters. */
const MAX_PARAMETER = 4096;

type Parameter = 'code' | 'state' | 'error' | 'iss';

// Express's query parsers make `code[]=a` an array under `code`, or a string under `code[]`.
const PARAMETER = /^(code|state|error|iss)(?=\[|$)/;

/**
 * Reads a callback; `undefined` for any other request, which begins a login.
 *
 * The parameters are in the query, or in the body of a form that has a code, or an error and a state (OAuth 2.0 Form
 * Post Response Mode).
 *
 * @param issuer what `iss` must be, if the provider sends it (RFC 9207, section 2.4)
 * @throws LoginFailure `invalid_callback`
 */
export function readCallback(req: Request, issuer: string): Callback | undefined {
  const { query, body } = req; // once: Express 5 parses the query each time it is read
  const inQuery = readParameters(query);
  // An app's own form may have a field named "error": together with "state" it is the provider's.
  const isForm = isObject(body) && ('code' in body || ('error' in body && 'state' in body));
  const isQuery = inQuery.code !== undefined || inQuery.error !== undefined;
  const { code, state, error, iss, params } = isForm && !isQuery ? readParameters(body) : inQuery;
  if (code === undefined && error === undefined) return undefined;
  if (iss !== undefined && iss !== issuer) throw invalidCallback('iss', `must be "${issuer}"`);

  if (error === undefined) return { code, state, params };
  const { error_description, error_subtype } = params;
  return {
    error,
    state,
    params,
    errorDescription: error_description || undefined,
    errorSubtype: error_subtype || undefined,
  };
}

/** The parameters that decide the login, and in `params` the others that are strings. */
type GivenParameters = { [name in Parameter]?: string } & { params: Record<string, string> };

/**
 * Reads the parameters. Refuses one that decides the login if it is given twice (RFC 6749, section 3.1), is an array
 * or object, empty, or too long.
 */
function readParameters(given: unknown): GivenParameters {
  const read: GivenParameters = { params: {} };
  if (!isObject(given)) return read;
  for (const key in given) {
    const value = given[key];
    const usable = typeof value === 'string' && value.length <= MAX_PARAMETER;
    const name = PARAMETER.exec(key)?.[1] as Parameter | undefined;
    if (name === undefined) {
      // Only an app reads these: they decide nothing here, so arrays, objects and long texts are left out.
      if (usable) read.params[key] = value;
    } else if (name === key && usable && value !== '') {
      read[name] = value;
    } else {
      throw invalidCallback(name, `must appear exactly once, with 1 to ${MAX_PARAMETER} characters`);
    }
  }
  return read;
}

function invalidCallback(name: string, rule: string): LoginFailure {
  return new LoginFailure(
    {
      message: 'This sign-in link is damaged. Please start again.',
      code: 'invalid_callback',
      hint: `The callback's parameter "${name}" ${rule}. The link was probably fabricated or altered.`,
    },
    400,
  );
}

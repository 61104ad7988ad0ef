const REDACTED = '[redacted]';
const MAX_LENGTH = 500;

// A shorter secret would blank out letters of ordinary words; no provider issues one.
const MIN_SECRET_LENGTH = 4;

// What looks like a credential even if it is not one of ours: a provider may echo another one.
const CREDENTIALS = [/\b(Basic|Bearer)\s+[^\s,"'<>]+/gi, /\beyJ[\w-]+(\.[\w-]*)*/g];

// A long run with a digit in it. The digit is looked for apart: within the pattern, the time would grow with the
// square of the length.
const LONG_RUN = /[\w~+=-]{20,}/g;

/**
 * Makes a function that removes the given secrets, and whatever else looks like a credential, from a text of
 * the provider's, and shortens it to 500 characters. Providers echo codes, tokens and headers in messages.
 */
export function redactor(secrets: Iterable<string | undefined>): (text: string) => string {
  const known = new Set<string>();
  for (const secret of secrets) {
    if (secret === undefined || secret.length < MIN_SECRET_LENGTH) continue;
    known.add(secret);
    known.add(encodeURIComponent(secret));
    known.add(encodeURIComponent(secret).replaceAll('%20', '+'));
    known.add(Buffer.from(secret).toString('base64'));
    known.add(JSON.stringify(secret).slice(1, -1));
  }
  // The longest first: one secret may be part of another.
  const ordered = [...known].sort((a, b) => b.length - a.length);

  return (text) => {
    let result = text;
    for (const secret of ordered) result = result.replaceAll(secret, REDACTED);
    for (const pattern of CREDENTIALS) result = result.replace(pattern, REDACTED);
    result = result.replace(LONG_RUN, (run) => (/\d/.test(run) ? REDACTED : run));
    return result.length > MAX_LENGTH ? `${result.slice(0, MAX_LENGTH)}…` : result;
  };
}

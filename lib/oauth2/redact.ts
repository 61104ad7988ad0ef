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
    for (const spelling of spellings(secret)) known.add(spelling);
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

/** A secret as servers write it in texts: as it is, and in the escapes of URLs, forms, JSON, HTML and Basic. */
function spellings(secret: string): string[] {
  const text = Buffer.from(secret).toString(); // without lone surrogates, which can't be URL-encoded
  const percent = encodeURIComponent(text);
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  const urls = [percent, percent.replaceAll('%20', '+'), form, form.replaceAll('+', '%20')];
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    ...urls,
    ...urls.map((url) => url.replace(/%../g, (hex) => hex.toLowerCase())),
    json,
    json.replaceAll('/', '\\/'),
    text.replace(/[&<>"']/g, (char) => HTML[char] ?? char),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
  ];
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

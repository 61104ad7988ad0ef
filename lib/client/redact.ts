const REDACTED = '[redacted]';
const MAX_LENGTH = 500; // characters of the result
const MAX_READ = 8192; // characters of a text that are looked at, so that a large text costs no more
const MAX_LAYERS = 6; // the text itself and five encodings around each other

// A shorter secret would blank out letters of ordinary words; no provider issues one.
const MIN_SECRET_LENGTH = 4;
// Shorter secrets are not searched across spaces and line breaks: "then" is not in "the next".
const MIN_WRAPPED_LENGTH = 8;
// The shortest part of a secret that is removed. A few characters less than the documented 16, because `+` and `\`
// don't count.
const FRAGMENT_LENGTH = 12;
const MAX_SECRET_LENGTH = 4096; // the rest of a longer secret is not searched

// Texts that look like credentials, even if the request had none of them: a provider may echo others.
const CREDENTIALS = [/\b(Basic|Bearer)\s+[^\s,"'<>]+/gi, /\beyJ[\w-]+(\.[\w-]*)*/g];

// A long run. Whether it contains a digit is checked separately: in the pattern, the time would grow with the square of
// the length.
const LONG_RUN = /[\w~+=-]{20,}/g;

/**
 * Makes a function that removes the given secrets, and other texts that look like credentials, from a provider's text,
 * and shortens it to 500 characters. Providers echo codes, tokens and headers in messages.
 *
 * The text is decoded layer by layer, and each character keeps its place in the original. Secrets are therefore found
 * in any mixture of escapes, and replaced in the original.
 */
export function redactor(secrets: Iterable<string | undefined>): (text: string) => string {
  const spellings = new Set<string>();
  for (const secret of secrets) {
    if (secret === undefined || secret.length < MIN_SECRET_LENGTH) continue;
    const start = secret.slice(0, MAX_SECRET_LENGTH);
    for (const spelling of [start, ...base64Spellings(start)]) spellings.add(spelling);
  }
  const patterns = searchPatterns(spellings);

  return (text) => {
    const read = text.slice(0, MAX_READ);
    const hidden = new Uint8Array(read.length); // 1 for each character of a secret
    for (const spelling of spellings) {
      for (const at of occurrences(read, spelling)) hidden.fill(1, at, at + spelling.length);
    }
    const layers = decodedLayers(read);
    // No honest text is encoded more often, and each layer costs time.
    if (layers.length > MAX_LAYERS) return REDACTED;
    for (const layer of layers) hide(hidden, layer, patterns);

    let result = replaceHidden(read, hidden);
    for (const pattern of CREDENTIALS) result = result.replace(pattern, REDACTED);
    result = result.replace(LONG_RUN, (run) => (/\d/.test(run) ? REDACTED : run));
    const shortened = result.length > MAX_LENGTH || text.length > MAX_READ;
    return shortened ? `${result.slice(0, MAX_LENGTH)}…` : result;
  };
}

/**
 * A secret in Base64 and base64url, alone and within a longer text, such as Basic credentials or a JWT: there, the
 * characters depend on how many bytes come before, modulo 3.
 */
function base64Spellings(secret: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const base64 = Buffer.from('\0'.repeat(before) + secret).toString('base64');
    const own = base64.replace(/=+$/, '').slice(Math.ceil((before * 4) / 3)); // without bits of what comes before
    // A short one would be found by chance.
    if (before > 0 && own.length < FRAGMENT_LENGTH) return [];
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** A text decoded so far: visible ASCII only, as other characters are written in too many ways. */
interface Layer {
  text: string;
  /** Where each character begins in the original. */
  starts: number[];
  /** Where each character ends in the original. */
  ends: number[];
}

/** The text itself, and decoded once, twice, …; at most one layer more than the limit. */
function decodedLayers(text: string): Layer[] {
  const layers: Layer[] = [];
  let layer: Layer | undefined = visibleLayer(text);
  while (layer !== undefined && layers.length <= MAX_LAYERS) {
    layers.push(layer);
    layer = decode(layer);
  }
  return layers;
}

/** A text without white space, which may come from wrapping, and without characters outside ASCII. */
function visibleLayer(text: string): Layer {
  const layer: Layer = { text: '', starts: [], ends: [] };
  for (let i = 0; i < text.length; i += 1) append(layer, visible(text.charCodeAt(i)), i, i + 1);
  return layer;
}

function append(layer: Layer, char: string, start: number, end: number): void {
  if (char === '') return;
  layer.text += char;
  layer.starts.push(start);
  layer.ends.push(end);
}

function visible(code: number): string {
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : '';
}

// The escapes of URLs, JSON, JavaScript and HTML. Backslashes that escape each other are one; the lookbehind keeps a
// long run of them from being read again from each of its characters.
const ESCAPE =
  /(?:%|(?<!\\)\\+x)([\da-f]{2})|(?:%|(?<!\\)\\+)u([\da-f]{4})|(?:(?<!\\)\\+u\{|&#x)0*([\da-f]{1,6})[;}]?|&#0*(\d{1,7});?|&(amp|lt|gt|quot|apos);|(?<!\\)\\+[bfnrtv]/gi;

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The next layer: every escape replaced by its character, once; `undefined` if there is none. */
function decode({ text, starts, ends }: Layer): Layer | undefined {
  const next: Layer = { text: '', starts: [], ends: [] };
  let copied = 0;
  const copyTo = (end: number) => {
    next.text += text.slice(copied, end);
    for (; copied < end; copied += 1) {
      next.starts.push(starts[copied] ?? 0);
      next.ends.push(ends[copied] ?? 0);
    }
  };
  for (const { 0: escaped, 1: byte, 2: unit, 3: hex, 4: decimal, 5: name, index } of text.matchAll(ESCAPE)) {
    copyTo(index);
    copied = index + escaped.length;
    const code = Number(decimal ?? `0x${byte ?? unit ?? hex ?? 0}`);
    const char = name === undefined ? visible(code) : (NAMED[name.toLowerCase()] ?? '');
    append(next, char, starts[index] ?? 0, ends[copied - 1] ?? 0);
  }
  if (copied === 0) return undefined;
  copyTo(text.length);
  return next;
}

/** The patterns to search in a layer. */
interface SearchPatterns {
  /** Every piece of this length of the longer secrets. */
  fragments: ReadonlySet<string>;
  /** The secrets that are shorter than a fragment. */
  short: readonly string[];
}

function searchPatterns(spellings: Iterable<string>): SearchPatterns {
  const fragments = new Set<string>();
  const short: string[] = [];
  // A secret that contains an escape is decoded together with the text around it.
  for (const layer of [...spellings].flatMap(decodedLayers)) {
    const { text } = comparable(layer);
    if (text.length >= MIN_SECRET_LENGTH && text.length < FRAGMENT_LENGTH) short.push(text);
    for (let i = 0; i + FRAGMENT_LENGTH <= text.length; i += 1) {
      fragments.add(text.slice(i, i + FRAGMENT_LENGTH));
    }
  }
  return { fragments, short };
}

/** A layer without `+`, which may be a space in a form, and `\`, which may escape the next character. */
function comparable({ text, starts, ends }: Layer): Layer {
  const layer: Layer = { text: '', starts: [], ends: [] };
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char !== '+' && char !== '\\') append(layer, char, starts[i] ?? 0, ends[i] ?? 0);
  }
  return layer;
}

/** Marks the original's characters that make up a secret in a layer. */
function hide(hidden: Uint8Array, layer: Layer, { fragments, short }: SearchPatterns): void {
  const { text, starts, ends } = comparable(layer);
  const mark = (at: number, length: number) => hidden.fill(1, starts[at], ends[at + length - 1]);

  for (let i = 0; fragments.size > 0 && i + FRAGMENT_LENGTH <= text.length; i += 1) {
    if (fragments.has(text.slice(i, i + FRAGMENT_LENGTH))) mark(i, FRAGMENT_LENGTH);
  }
  for (const secret of short) {
    for (const at of occurrences(text, secret)) {
      const gaps = starts.slice(at + 1, at + secret.length).some((start, i) => start !== ends[at + i]);
      if (!gaps || secret.length >= MIN_WRAPPED_LENGTH) mark(at, secret.length);
    }
  }
}

function* occurrences(text: string, part: string): Generator<number> {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) yield at;
}

function replaceHidden(text: string, hidden: Uint8Array): string {
  let result = '';
  for (let i = 0; i < text.length; ) {
    const end = hidden.indexOf(1 - (hidden[i] ?? 0), i);
    const next = end < 0 ? text.length : end;
    result += hidden[i] === 1 ? REDACTED : text.slice(i, next);
    i = next;
  }
  return result;
}

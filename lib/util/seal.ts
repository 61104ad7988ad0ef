import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

// node:crypto and not a JOSE library: those are ES modules, which a Jest project in CommonJS loads only with a flag.

const ALGORITHM = 'aes-256-gcm';
const VERSION = '1'; // of the text's form and the key derivation
const MIN_SECRET_LENGTH = 32; // characters; a shorter one may be guessed offline
const KEY_LENGTH = 32; // bytes
const KEY_ID_LENGTH = 6; // bytes; it only chooses among the app's few keys

// Random IVs of 96 bits are safe for 2^32 seals of one key (NIST SP 800-38D, section 8.3): four a second for 30 years.
// An app with more of them rotates its secret in time.
const IV_LENGTH = 12; // bytes
const TAG_LENGTH = 16; // bytes; Node would also accept shorter tags, which can be forged

/** Encrypts and authenticates text that leaves the process: AES-256-GCM under a key derived from an app's secret. */
export interface Sealer {
  /**
   * Seals a text. The result consists of letters, digits, `-`, `_` and `.`, so it fits in a cookie. Lone surrogates
   * become U+FFFD, as in any UTF-8.
   *
   * @param context identifies the text's owner, such as a user's id. It is authenticated but not stored:
   *   {@link Sealer.open} needs the same one.
   */
  seal(plaintext: string, context?: string): string;
  /** Opens a sealed text; `undefined` if it was changed, isn't sealed, or has another key, purpose or context. */
  open(sealed: string, context?: string): string | undefined;
}

/**
 * Makes a sealer. Its keys are derived (HKDF with SHA-256, RFC 5869) for one purpose: texts sealed for one purpose
 * don't open for another.
 *
 * @param secrets at least 32 characters each. The first one seals and all of them open. To rotate, put the new secret
 *   in front and remove the old one when nothing sealed with it is left.
 * @param name the name of the secrets in error messages
 * @throws TypeError naming what is wrong
 */
export function createSealer(secrets: string | readonly string[], purpose: string, name = 'secret'): Sealer {
  const list = typeof secrets === 'string' ? [secrets] : secrets;
  const valid = (secret: unknown) => typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH;
  const [first, ...others] = Array.isArray(list) && list.every(valid) ? list : [];
  if (first === undefined) {
    throw new TypeError(
      `"${name}" must be a string of at least ${MIN_SECRET_LENGTH} characters, or a list of such strings, newest first: generate one with \`openssl rand -base64 32\``,
    );
  }
  const current = deriveKey(first, purpose);
  const keys = [current, ...others.map((secret) => deriveKey(secret, purpose))];

  return {
    seal(plaintext, context = '') {
      const iv = randomBytes(IV_LENGTH);
      const cipher = createCipheriv(ALGORITHM, current.key, iv, { authTagLength: TAG_LENGTH });
      cipher.setAAD(contextBytes(context));
      const parts = [iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return `${current.prefix}${Buffer.concat(parts).toString('base64url')}`;
    },
    open(sealed, context = '') {
      if (typeof sealed !== 'string') return undefined; // A store or a cookie parser may return anything.
      const known = keys.find(({ prefix }) => sealed.startsWith(prefix));
      if (known === undefined) return undefined;
      const text = sealed.slice(known.prefix.length);
      const bytes = Buffer.from(text, 'base64url');
      // Node skips characters that are not base64url: without the comparison, one seal would have many spellings.
      if (bytes.length < IV_LENGTH + TAG_LENGTH || bytes.toString('base64url') !== text) return undefined;

      const iv = bytes.subarray(0, IV_LENGTH);
      const decipher = createDecipheriv(ALGORITHM, known.key, iv, { authTagLength: TAG_LENGTH });
      decipher.setAAD(contextBytes(context));
      decipher.setAuthTag(bytes.subarray(-TAG_LENGTH));
      const plaintext = decipher.update(bytes.subarray(IV_LENGTH, -TAG_LENGTH));
      try {
        decipher.final(); // GCM has already returned the whole text.
      } catch {
        return undefined; // The tag does not match.
      }
      return plaintext.toString('utf8');
    },
  };
}

interface DerivedKey {
  /** The prefix of a text that is sealed with the key. */
  prefix: string;
  key: KeyObject;
}

function deriveKey(secret: string, purpose: string): DerivedKey {
  const derive = (use: 'key' | 'key id', length: number) => {
    const info = ['passport-fitbit-strategy', VERSION, purpose, use].join('\0');
    return Buffer.from(hkdfSync('sha256', secret, '', info, length));
  };
  const id = derive('key id', KEY_ID_LENGTH).toString('base64url');
  return { prefix: `${VERSION}.${id}.`, key: createSecretKey(derive('key', KEY_LENGTH)) };
}

/**
 * A context as bytes. In UTF-16, because UTF-8 writes all lone surrogates alike, so different contexts would be equal.
 */
function contextBytes(context: string): Buffer {
  return Buffer.from(context, 'utf16le');
}

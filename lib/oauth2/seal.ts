import { hkdfSync } from 'node:crypto';
import { isObject } from './arguments.ts';

const MIN_SECRET_LENGTH = 32; // characters; a shorter one may be guessed offline
const KEY_LENGTH = 32; // bytes, for A256GCM

/** Encrypts and authenticates data that leaves the process: JWE (RFC 7516), A256GCM under a key of the app's. */
export interface Sealer {
  /** Seals a JSON object. */
  seal(payload: Record<string, unknown>): Promise<string>;
  /** The object that was sealed; `undefined` for what was tampered with, is no seal, or of another key. */
  unseal(sealed: string): Promise<Record<string, unknown> | undefined>;
}

/**
 * Makes a sealer. Keys are derived (HKDF, RFC 5869) for one purpose: what is sealed for one can't be opened for
 * another.
 *
 * @param secrets at least 32 characters each; the first one seals, every one opens, so that secrets can be
 *   rotated: put the new one in front, drop the old one when nothing sealed with it is left
 * @throws TypeError naming what is wrong
 */
export function createSealer(secrets: string | readonly string[], purpose: string, name = 'secret'): Sealer {
  const list = typeof secrets === 'string' ? [secrets] : secrets;
  const valid = (secret: unknown) => typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH;
  if (!Array.isArray(list) || list.length === 0 || !list.every(valid)) {
    throw new TypeError(
      `"${name}" must be a secret of at least ${MIN_SECRET_LENGTH} characters, or a list of them, the newest first: make one with \`openssl rand -base64 32\``,
    );
  }
  const keys = list.map((secret) => deriveKey(secret, purpose));
  const current = keys[0] as DerivedKey;

  return {
    async seal(payload) {
      // Loaded when it is needed: most apps never do.
      const { CompactEncrypt } = await import('jose');
      return new CompactEncrypt(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: current.id })
        .encrypt(current.key);
    },
    async unseal(sealed) {
      const { compactDecrypt } = await import('jose');
      const keyOf = ({ kid }: { kid?: string }) => {
        const known = keys.find(({ id }) => id === kid);
        if (known === undefined) throw new Error('unknown key');
        return known.key;
      };
      try {
        const { plaintext } = await compactDecrypt(sealed, keyOf, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        const payload: unknown = JSON.parse(Buffer.from(plaintext).toString('utf8'));
        return isObject(payload) ? payload : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

interface DerivedKey {
  id: string;
  key: Uint8Array;
}

function deriveKey(secret: string, purpose: string): DerivedKey {
  const derive = (use: string, length: number) =>
    new Uint8Array(hkdfSync('sha256', secret, '', `passport-fitbit-strategy ${purpose} ${use}`, length));
  return { id: Buffer.from(derive('key id', 6)).toString('base64url'), key: derive('key', KEY_LENGTH) };
}

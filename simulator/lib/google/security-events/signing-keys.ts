import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

/** How many keys are published at a time. */
const published = 2;

/** The RSA keys that sign event tokens. */
export class EventSigningKeys {
  #keys: SigningKey[] = [];

  /** Creates a new signing key. The previous one stays published. */
  rotate(): void {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { n = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    const id = createHash('sha256').update(n).digest('hex').slice(0, 40);
    this.#keys = [{ id, privateKey }, ...this.#keys].slice(0, published);
  }

  /** A JWT with these claims, signed with RS256. */
  sign(claims: object, type: string): string {
    const { id, privateKey } = this.#primary();
    const parts = [{ alg: 'RS256', kid: id, typ: type }, claims];
    const content = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${content}.${sign('sha256', Buffer.from(content), privateKey).toString('base64url')}`;
  }

  /** The public keys as a JWK set (RFC 7517). */
  keySet(): object {
    this.#primary();
    return {
      keys: this.#keys.map(({ id, privateKey }) => {
        const { kty, n, e } = createPublicKey(privateKey).export({ format: 'jwk' });
        return { kid: id, kty, n, e, alg: 'RS256', use: 'sig' };
      }),
    };
  }

  /** The newest key; the first one is created when it is needed. */
  #primary(): SigningKey {
    if (this.#keys.length === 0) this.rotate();
    const [key] = this.#keys;
    if (key === undefined) throw new Error('there is no signing key');
    return key;
  }
}

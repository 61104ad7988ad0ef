import { createPublicKey, generateKeyPairSync, type KeyObject, randomInt, sign } from 'node:crypto';

interface SigningKey {
  readonly id: number;
  readonly privateKey: KeyObject;
}

/** How many keys Google publishes at a time. */
const published = 5;

/** The P-256 keys that sign notifications, in the formats of Tink (https://developers.google.com/tink/wire-format). */
export class WebhookSigningKeys {
  #keys: SigningKey[] = [];

  /** Creates a new signing key. The previous ones stay published. */
  rotate(): void {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#keys = [{ id: randomInt(1, 2 ** 32), privateKey }, ...this.#keys].slice(0, published);
  }

  /** The value of the signature header: Tink's prefix, then the ECDSA signature in DER, in base64. */
  sign(body: string): string {
    const { id, privateKey } = this.#primary();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt8(1);
    prefix.writeUInt32BE(id, 1);
    const signature = sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding: 'der' });
    return Buffer.concat([prefix, signature]).toString('base64');
  }

  /** The public keys as a Tink key set in JSON. */
  keySet(coordinateLength: 32 | 33): object {
    return {
      primaryKeyId: this.#primary().id,
      key: this.#keys.map(({ id, privateKey }) => ({
        keyData: {
          typeUrl: 'type.googleapis.com/google.crypto.tink.EcdsaPublicKey',
          value: publicKeyMessage(privateKey, coordinateLength).toString('base64'),
          keyMaterialType: 'ASYMMETRIC_PUBLIC',
        },
        status: 'ENABLED',
        keyId: id,
        outputPrefixType: 'TINK',
      })),
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

/** The protobuf message `EcdsaPublicKey`: parameters {SHA256, P-256, DER}, then the coordinates x and y. */
function publicKeyMessage(privateKey: KeyObject, coordinateLength: number): Buffer {
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const params = Buffer.from([0x08, 3, 0x10, 2, 0x18, 2]);
  const coordinate = (value: string) => {
    const digits = Buffer.from(value, 'base64url');
    return Buffer.concat([Buffer.alloc(coordinateLength - digits.length), digits]);
  };
  return Buffer.concat([field(2, params), field(3, coordinate(x)), field(4, coordinate(y))]);
}

/** A protobuf field of bytes, shorter than 128. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { readObject } from '../../http/request.ts';

/** A key of a service account, with the fields that the key file of Google Cloud has for signing. */
export interface ServiceAccountKey {
  readonly client_email: string;
  /** An RSA key, PKCS #8 in PEM. */
  readonly private_key: string;
  readonly private_key_id: string;
}

const audience = 'https://risc.googleapis.com/google.identity.risc.v1beta.RiscManagementService';

/** The longest lifetime of a JWT after `iat`, in seconds. */
const longestLife = 3600;

/** The service account that sets up the stream of events. */
export class ServiceAccount {
  #key: ServiceAccountKey | undefined;

  /** Its key, created when it is needed. */
  get key(): ServiceAccountKey {
    this.#key ??= {
      client_email: 'security-events@simulated-project.iam.gserviceaccount.com',
      private_key: generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
      private_key_id: randomBytes(20).toString('hex'),
    };
    return this.#key;
  }

  /**
   * Why a JWT is not a valid credential of this account; undefined if it is.
   *
   * @param now seconds since 1970
   */
  problemOf(jwt: string, now: number): string | undefined {
    const { client_email: address, private_key: privateKey, private_key_id: keyID } = this.key;
    const [head = '', claims = '', signature = ''] = jwt.split('.');
    const { alg, kid } = decode(head);
    const { iss, sub, aud, iat, exp } = decode(claims);
    if (alg !== 'RS256' || kid !== keyID) return `the JWT needs alg RS256 and kid ${keyID}`;
    const content = Buffer.from(`${head}.${claims}`);
    if (!verify('sha256', content, createPublicKey(privateKey), Buffer.from(signature, 'base64url'))) {
      return 'the signature of the JWT is not one of the private key';
    }
    if (iss !== address || sub !== address) return `iss and sub of the JWT must be ${address}`;
    if (aud !== audience) return `aud of the JWT must be ${audience}`;
    if (typeof iat !== 'number' || typeof exp !== 'number' || exp - iat > longestLife) {
      return 'the JWT needs iat and exp, an hour apart at most';
    }
    return exp > now ? undefined : 'the JWT has expired on the simulator’s clock';
  }
}

function decode(part: string): Readonly<Record<string, unknown>> {
  return readObject(Buffer.from(part, 'base64url').toString());
}

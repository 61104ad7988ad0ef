import { errors, jwtVerify, SignJWT } from 'jose';

/** Who a token is for. */
export interface Me {
  id: string;
  name?: string;
}

/** How long a token is good for, seconds. */
export const LIFETIME = 3600;

/** The app's own tokens: signed, so that no machine has to remember them. */
export class AppTokens {
  readonly #issuer: string;
  readonly #key: Uint8Array;

  /**
   * @param issuer who gives the tokens, and takes them: the app's URL
   * @param secret at least 32 characters, the same on all machines
   */
  constructor(issuer: string, secret: string) {
    this.#issuer = issuer;
    this.#key = new TextEncoder().encode(secret);
  }

  sign({ id, name }: Me): Promise<string> {
    return new SignJWT({ ...(name !== undefined && { name }) })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(id)
      .setIssuer(this.#issuer)
      .setAudience(this.#issuer)
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME} s`)
      .sign(this.#key);
  }

  /** Who a token is for; `undefined` if it is not one of ours, or not any more. */
  async read(token: string): Promise<Me | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: ['HS256'],
        issuer: this.#issuer,
        audience: this.#issuer,
        requiredClaims: ['sub', 'exp'],
      });
      const { sub = '', name } = payload;
      return { id: sub, ...(typeof name === 'string' && { name }) };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

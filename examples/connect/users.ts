import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** A user of the app. */
export interface User {
  /** The app's own id, here the name. */
  id: string;
}

/** The app's own users, who sign in with a password. */
export class Users {
  readonly #passwords = new Map<string, { salt: Buffer; hash: Buffer }>();

  add(id: string, password: string): void {
    const salt = randomBytes(16);
    this.#passwords.set(id, { salt, hash: scryptSync(password, salt, 32) });
  }

  get(id: string): User | undefined {
    return this.#passwords.has(id) ? { id } : undefined;
  }

  /** The user, if name and password match. */
  signIn(id: string, password: string): User | undefined {
    const { salt = randomBytes(16), hash = randomBytes(32) } = this.#passwords.get(id) ?? {};
    return timingSafeEqual(scryptSync(password, salt, 32), hash) ? { id } : undefined;
  }
}

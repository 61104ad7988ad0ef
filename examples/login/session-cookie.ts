import type { Request } from 'express';

/** The session's cookie. */
export class SessionCookie {
  readonly secure: boolean;
  readonly name: string;

  /** @param baseURL the app's URL in browsers; with https, the cookie is tied to its host */
  constructor(baseURL: string) {
    this.secure = baseURL.startsWith('https:');
    this.name = this.secure ? '__Host-daywalk' : 'daywalk';
  }

  /** Whether the browser sent it. */
  isIn(req: Request): boolean {
    return req.headers.cookie?.includes(`${this.name}=`) ?? false;
  }
}

import type { Request, Response } from 'express';

/** The open pages of each account, notified by server-sent events. */
export class LivePages {
  readonly #pages = new Map<string, Set<Response>>();

  /** Keeps a page's request open until the user leaves the page. */
  open(accountID: string, req: Request, res: Response): void {
    const pages = this.#pages.get(accountID) ?? new Set();
    this.#pages.set(accountID, pages.add(res));
    req.on('close', () => {
      pages.delete(res);
      if (pages.size === 0 && this.#pages.get(accountID) === pages) this.#pages.delete(accountID);
    });
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('retry: 5000\n\n'); // ms; also makes the browser see the headers at once
  }

  /** Notifies the pages of an account about new steps, which they then fetch. */
  tell(accountID: string): void {
    for (const res of this.#pages.get(accountID) ?? []) res.write('event: steps\ndata:\n\n');
  }
}

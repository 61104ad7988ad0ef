const timeout = 10_000; // real ms

/**
 * Calls a webhook twice, with and without its secret, as Google does while a subscriber is created or changed.
 *
 * @returns what was wrong; undefined if the webhook passed
 */
export async function handshakeProblem(
  url: string,
  secret: string,
  userAgent: string,
): Promise<string | undefined> {
  const withSecret = await call(url, userAgent, { authorization: secret });
  if (withSecret !== 201 && withSecret !== 200) {
    return `the webhook responded to the handshake with ${withSecret ?? 'nothing'} instead of 201`;
  }
  const without = await call(url, userAgent, {});
  if (without === 401 || without === 403) return undefined;
  return `the webhook responded to the handshake without the secret with ${without ?? 'nothing'} instead of 401`;
}

async function call(
  url: string,
  userAgent: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': userAgent, ...headers },
      body: '{"type":"verification"}',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}

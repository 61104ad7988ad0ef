import { getSession } from '../../lib/session.ts';

export async function GET(): Promise<Response> {
  const { user } = await getSession();
  return Response.json(user ?? null, { status: user ? 200 : 401 });
}

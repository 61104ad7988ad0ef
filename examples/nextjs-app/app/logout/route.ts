import { getSession } from '../../lib/session.ts';

export async function POST(): Promise<Response> {
  const session = await getSession();
  session.destroy();
  return new Response(null, { status: 303, headers: { Location: '/' } });
}

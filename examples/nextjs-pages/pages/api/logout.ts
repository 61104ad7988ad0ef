import type { NextApiRequest, NextApiResponse } from 'next';
import { getSession } from '../../lib/session.ts';

export default async function logout(req: NextApiRequest, res: NextApiResponse): Promise<void> {
  if (req.method !== 'POST') return void res.status(405).end();
  const session = await getSession(req, res);
  session.destroy();
  res.redirect(303, '/');
}

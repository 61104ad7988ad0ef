import type { NextApiRequest, NextApiResponse } from 'next';
import { getSession } from '../../lib/session.ts';

export default async function me(req: NextApiRequest, res: NextApiResponse): Promise<void> {
  const { user } = await getSession(req, res);
  res.status(user ? 200 : 401).json(user ?? null);
}

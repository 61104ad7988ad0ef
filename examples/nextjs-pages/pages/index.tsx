import type { GetServerSideProps } from 'next';
import { getSession } from '../lib/session.ts';

interface Props {
  signedIn: boolean;
}

export const getServerSideProps: GetServerSideProps<Props> = async ({ req, res }) => {
  const { user } = await getSession(req, res);
  return { props: { signedIn: user !== undefined } };
};

export default function Home({ signedIn }: Props) {
  // A plain link: <Link> is for pages, not for API routes.
  if (!signedIn) return <a href="/api/auth/google-health">Continue with Google Health</a>;
  return (
    <form method="post" action="/api/logout">
      <p>You are signed in.</p>
      <button type="submit">Sign out</button>
    </form>
  );
}

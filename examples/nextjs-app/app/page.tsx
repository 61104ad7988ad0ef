import { getSession } from '../lib/session.ts';

export default async function Home() {
  const { user } = await getSession();
  // A plain link: Next.js would prefetch a <Link>, and begin a login each time.
  if (!user) return <a href="/auth/google-health">Continue with Google Health</a>;
  return (
    <form method="post" action="/logout">
      <p>You are signed in.</p>
      <button type="submit">Sign out</button>
    </form>
  );
}

import { start } from './start.ts';

try {
  const demo = await start(process.env, console.log);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => demo.close());
} catch (error) {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  console.error(taken ? 'The port is taken: set PORT to another one.' : error);
  process.exit(1);
}

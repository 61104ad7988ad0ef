import { start } from './start.ts';

try {
  await start(process.env, console.log);
} catch (error) {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  console.error(taken ? 'The port is in use: set PORT to another one.' : error);
  process.exit(1);
}

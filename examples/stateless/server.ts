import { exitAfter } from '../listen.ts';
import { start } from './start.ts';

try {
  const example = await start(process.env, console.log);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => example.close());
} catch (error) {
  exitAfter(error);
}

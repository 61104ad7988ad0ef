import { exitAfter } from '../listen.ts';
import { start } from './start.ts';

try {
  const demo = await start(process.env, console.log);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => demo.close());
} catch (error) {
  exitAfter(error);
}

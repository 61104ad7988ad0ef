import { start } from './start.ts';

const example = await start(process.env, console.log);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => example.close());

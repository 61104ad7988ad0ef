// Signs in to one of the apps: node support/check.mjs apps/express-5.mjs
import { pathToFileURL } from 'node:url';
import { runScenario } from './scenario.js';

const { start } = await import(pathToFileURL(process.argv[2]).href);
console.log(`${await runScenario(start)} checks`);
process.exit(); // a runtime that keeps something open is not what is looked at here

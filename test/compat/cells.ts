import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** A folder with packages installed beside the packed one. */
export interface Folder {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
  /** The example whose files are in it; without one, the folder has the apps of this suite. */
  readonly example?: string | undefined;
}

/** What runs a cell: a version of Node, Bun or Deno; the runner's own Node where it says `node`. */
export type Runtime = 'node' | 'node@20' | 'node@22' | 'node@24' | 'bun' | 'deno';

/** One combination. */
export interface Cell {
  readonly group: string;
  readonly name: string;
  readonly folder: Folder;
  readonly runtime: Runtime;
  /** The script and its arguments, relative to the folder; of an example, without any, it is started by `npm start`. */
  readonly args: readonly string[];
  /** Whether it is part of the reduced matrix. */
  readonly reduced: boolean;
}

const EXPRESS = { express: '5', 'express-session': '1' };

const PASSPORTS = ['0.4.1', '0.5.3', '0.6.0', '0.7.0'];
const PASSPORT_OAUTH2 = ['1.6.1', '1.7.0', '1.8.0'];
const REDUCED_PAIRS = ['0.4.1 1.6.1', '0.5.3 1.7.0', '0.6.0 1.8.0', '0.7.0 1.8.0'];

const passports: Cell[] = PASSPORTS.flatMap((passport) =>
  PASSPORT_OAUTH2.map((oauth2) => ({
    group: 'Passport',
    name: `passport ${passport}, passport-oauth2 ${oauth2}`,
    folder: {
      name: `passport-${passport}-oauth2-${oauth2}`,
      dependencies: { ...EXPRESS, passport },
      overrides: { 'passport-oauth2': oauth2 },
    },
    runtime: 'node' as const,
    args: signIn('express-5.mjs'),
    reduced: REDUCED_PAIRS.includes(`${passport} ${oauth2}`),
  })),
);

const web: Folder = {
  name: 'web',
  dependencies: {
    ...EXPRESS,
    passport: '0.7.0',
    'cookie-session': '2',
    'passport-oauth2-refresh': '2',
    fastify: '5',
    '@fastify/cookie': '11',
    '@fastify/passport': '4',
    '@fastify/session': '11',
    '@fastify/secure-session': '8',
    koa: '3',
    '@koa/router': '15',
    'koa-passport': '6',
    'koa-session': '7',
  },
};

/** The folder of an example, with what its package.json asks for; `versions` replaces some of that. */
function exampleFolder(example: string, versions: Readonly<Record<string, string>> = {}): Folder {
  const file = resolve(import.meta.dirname, '../../examples', example, 'package.json');
  const { dependencies, devDependencies } = JSON.parse(readFileSync(file, 'utf8'));
  const name = [`example-${example}`, ...Object.values(versions)].join('-');
  return { name, example, dependencies: { ...dependencies, ...devDependencies, ...versions } };
}

function nestVersions(version: string): Readonly<Record<string, string>> {
  const names = ['@nestjs/common', '@nestjs/core', '@nestjs/passport', '@nestjs/platform-express'];
  return Object.fromEntries(names.map((name) => [name, version]));
}

function nest(version: string): Folder {
  return {
    name: `nest-${version}`,
    dependencies: {
      ...nestVersions(version),
      passport: '0.7.0',
      'express-session': '1',
      'reflect-metadata': '0.2',
      rxjs: '7',
      typescript: '~6.0.0',
      '@types/node': '20',
    },
  };
}

const express = exampleFolder('express');
const fastify = exampleFolder('fastify');
const koa = exampleFolder('koa');
const hono = exampleFolder('hono');
const worker = exampleFolder('worker');

// The examples, as a user starts them.
const examples: Cell[] = [
  example('Express 5', express),
  example('Express 4', exampleFolder('express', { express: '4' })),
  example('Fastify 5', fastify),
  example('Koa 3', koa),
  example('Hono 4', hono),
  example('NestJS 12', exampleFolder('nestjs')),
  { ...example('NestJS 11', exampleFolder('nestjs', nestVersions('11'))), reduced: false },
  // Next.js takes minutes to install and build.
  { ...example('Next.js 16, app router', exampleFolder('nextjs-app')), reduced: false },
  { ...example('Next.js 16, pages router', exampleFolder('nextjs-pages')), reduced: false },
  example('worker', worker),
];

function example(name: string, folder: Folder): Cell {
  return { group: 'Example', name, folder, runtime: 'node', args: [], reduced: true };
}

// Both providers, with other sessions and stores than the examples have.
const frameworks: Cell[] = [
  framework('Express 5, express-session', 'express-5.mjs'),
  framework('Express 5, slow session store', 'slow-store.mjs'),
  framework('Express 5, cookie-session', 'cookie-session.mjs'),
  framework('Express 5, CookieStateStore', 'cookie-state.mjs'),
  framework('Express 5, CommonJS', 'commonjs.cjs'),
  framework('Fastify 5, @fastify/secure-session', 'fastify-cookie.mjs'),
  framework('Fastify 5, authenticateRequest', 'fastify-cookie-state.mjs'),
  framework('Koa 3, CookieStateStore', 'koa-cookie-state.mjs'),
  framework('NestJS 12', 'nest.mjs', nest('12')),
  { ...framework('passport-oauth2-refresh 2', ''), args: ['test/compat/apps/oauth2-refresh.mjs'] },
];

function framework(name: string, app: string, folder = web): Cell {
  return { group: 'Framework', name, folder, runtime: 'node', args: signIn(app), reduced: true };
}

const RUNTIMES: readonly Runtime[] = ['node@20', 'node@22', 'node@24', 'bun', 'deno'];
const runtimes: Cell[] = RUNTIMES.flatMap((runtime) => {
  // Bun and Deno run TypeScript.
  const flags = runtime.startsWith('node') ? ['--import', 'tsx'] : [];
  const apps = {
    ESM: { folder: express, args: [...flags, 'server.ts'] },
    CommonJS: { folder: web, args: signIn('commonjs.cjs') },
    Fastify: { folder: fastify, args: [...flags, 'server.ts'] },
    Hono: { folder: hono, args: [...flags, 'server.ts'] },
    Koa: { folder: koa, args: [...flags, 'server.ts'] },
    worker: { folder: worker, args: [...flags, 'worker.ts'] },
  };
  return Object.entries(apps).map(([name, app]) => ({
    group: 'Runtime',
    name: `${runtime.replace('@', ' ')}, ${name}`,
    runtime,
    ...app,
    reduced: runtime !== 'node@20' && ['ESM', 'CommonJS'].includes(name),
  }));
});

function signIn(app: string): string[] {
  return ['test/compat/support/check.mjs', `test/compat/apps/${app}`];
}

const types: Folder = {
  name: 'types',
  dependencies: {
    // Not 12, which has only ES modules.
    '@nestjs/common': '11',
    '@nestjs/core': '11',
    '@nestjs/passport': '11',
    'reflect-metadata': '0.2',
    rxjs: '7',
    passport: '0.7.0',
    pg: '8',
    redis: '6',
    '@types/express': '5',
    '@types/node': '20',
    '@types/passport': '1',
    '@types/passport-google-oauth20': '2',
    '@types/pg': '8',
    'typescript-5.9': 'npm:typescript@~5.9.0',
    'typescript-6.0': 'npm:typescript@~6.0.0',
    'typescript-7.0': 'npm:typescript@~7.0.0',
  },
};

const typeChecks: Cell[] = ['5.9', '6.0', '7.0'].flatMap((version) =>
  ['node10', 'node16', 'bundler'].flatMap((resolution) =>
    ['esm', 'commonjs'].map((format) => ({
      group: 'Types',
      name: `TypeScript ${version}, ${resolution}, ${format === 'esm' ? 'ESM' : 'CommonJS'}`,
      folder: types,
      runtime: 'node' as const,
      args: ['test/compat/types/check.mjs', `typescript-${version}`, resolution, format],
      reduced: version === '7.0' || resolution === 'node10',
    })),
  ),
);

// The premise of the usages that have to compile here: they do with the strategy that most apps use.
const googleTypes: Cell[] = ['5.9', '6.0', '7.0'].map((version) => ({
  group: 'Types',
  name: `@types/passport-google-oauth20, TypeScript ${version}`,
  folder: types,
  runtime: 'node',
  args: ['test/compat/types/check.mjs', `typescript-${version}`, 'node16', 'google'],
  reduced: version === '7.0',
}));

const nestTypes: Cell = {
  group: 'Types',
  name: 'NestJS 12, TypeScript 6.0',
  folder: nest('12'),
  runtime: 'node',
  args: ['test/compat/types/check.mjs', 'typescript', 'nodenext', 'nest'],
  reduced: true,
};

const jest: Folder = {
  name: 'jest',
  dependencies: { ...EXPRESS, passport: '0.7.0', jest: '30' },
};

const jestCells: Cell[] = [
  { name: 'session', file: 'login.test.cjs' },
  { name: 'CookieStateStore', file: 'cookie-state.test.cjs' },
  { name: 'sealed tokens', file: 'sealed-tokens.test.cjs' },
  { name: 'security events', file: 'security-events.test.cjs' },
].map(({ name, file }) => ({
  group: 'Jest',
  name: `Jest 30, ${name}`,
  folder: jest,
  runtime: 'node',
  args: ['node_modules/jest/bin/jest.js', '--rootDir=test/compat/jest', file],
  reduced: true,
}));

/** Every cell; the reduced matrix is a part of them. */
export const cells: readonly Cell[] = [
  ...passports,
  ...examples,
  ...frameworks,
  ...runtimes,
  ...typeChecks,
  ...googleTypes,
  nestTypes,
  ...jestCells,
];

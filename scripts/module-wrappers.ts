import type { TsdownPlugin } from 'tsdown';

/**
 * Writes an ES module and its declarations beside each CommonJS entry of a build: `export { … } from './entry.cjs'`.
 *
 * With one implementation for `import` and `require`, an error that one of them threw is an `instanceof` the class that
 * the other imports, and the package is half as large.
 */
export function moduleWrappers(): TsdownPlugin {
  return {
    name: 'module-wrappers',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !chunk.isEntry || chunk.exports.length === 0) continue;
        const path = chunk.fileName.replace(/\.cjs$/, '');
        const from = `from './${path.replace(/^.*\//, '')}.cjs';\n`;
        const names = chunk.exports.join(', ');
        this.emitFile({ type: 'asset', fileName: `${path}.mjs`, source: `export { ${names} } ${from}` });
        this.emitFile({ type: 'asset', fileName: `${path}.d.mts`, source: `export * ${from}` });
      }
    },
  };
}

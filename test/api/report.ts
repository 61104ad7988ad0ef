// Writes down the public types of the built packages, one page for each entry, or compares them with what is
// written down: `tsx test/api/report.ts` after `npm run build`, and `npm run docs:types` to accept a change.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');

/** The entries of a package, by the names that its users import. */
function entriesOf(folder: string): { name: string; page: string; file: string }[] {
  const manifest: { name: string; exports: Record<string, { import?: { types: string } }> } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  return Object.entries(manifest.exports).flatMap(([key, target]) => {
    const name = key.replace('.', manifest.name);
    const page =
      key === '.' ? (folder === root ? 'index' : manifest.name) : key.slice(2).replaceAll('/', '-');
    return target.import === undefined ? [] : [{ name, page, file: join(folder, target.import.types) }];
  });
}

const packages = [root, join(root, 'simulator')];
const entries = packages.flatMap(entriesOf);

const program = ts.createProgram({
  rootNames: entries.map(({ file }) => file),
  options: {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
  },
});
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

/** The page of an entry: what it exports, then what that refers to in the package. */
function report(name: string, file: string): string {
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is missing: npm run build`);
  const exported = new Map<ts.Symbol, string[]>();
  for (const symbol of checker.getExportsOfModule(module)) {
    const target = resolveAlias(symbol);
    exported.set(target, [...(exported.get(target) ?? []), symbol.name]);
  }
  const seen = new Set(exported.keys());
  for (const symbol of seen) for (const one of references(symbol)) seen.add(one);

  const sorted = [...seen].sort((a, b) => (a.name < b.name ? -1 : 1));
  const print = (symbols: ts.Symbol[]) =>
    symbols.map((symbol) => text(symbol, exported.get(symbol))).join('\n');
  const inner = sorted.filter((symbol) => !exported.has(symbol));
  return [
    `# ${name}`,
    'Written by `npm run docs:types`.',
    `\`\`\`ts\n${print(sorted.filter((symbol) => exported.has(symbol)))}\n\`\`\``,
    ...(inner.length > 0 ? ['Referred to:', `\`\`\`ts\n${print(inner)}\n\`\`\``] : []),
    '',
  ].join('\n\n');
}

function resolveAlias(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The declarations of a symbol that are in the package. */
function declarations(symbol: ts.Symbol): ts.Declaration[] {
  return (symbol.declarations ?? []).filter((node) =>
    packages.some((folder) => node.getSourceFile().fileName.startsWith(join(folder, 'dist'))),
  );
}

/** The symbols of the package that a declaration names. */
function references(symbol: ts.Symbol): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    const named = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
    const target = named && resolveAlias(named);
    // Only what is declared at the top of a file: members are part of what they belong to.
    const isOuter =
      target &&
      declarations(target).some((one) => statementOf(one)?.parent.kind === ts.SyntaxKind.SourceFile);
    if (target && isOuter) found.push(target);
    ts.forEachChild(node, visit);
  };
  declarations(symbol).forEach(visit);
  return found;
}

/** The statement that a declaration is, or is part of; nothing for a member or a parameter. */
function statementOf(node: ts.Declaration): ts.Statement | undefined {
  if (ts.isVariableDeclaration(node)) return node.parent.parent as ts.VariableStatement;
  return ts.isStatement(node) ? node : undefined;
}

function text(symbol: ts.Symbol, names: readonly string[] = []): string {
  const printed = declarations(symbol).map((node) => {
    const statement = statementOf(node) ?? node;
    const code = printer.printNode(ts.EmitHint.Unspecified, statement, statement.getSourceFile());
    return code.replaceAll(/\b(\w+)\$\d\b/g, '$1'); // names that the bundler made unique
  });
  const aliases = names
    .filter((name) => name !== symbol.name.replace(/\$\d$/, ''))
    .map((name) => `// also exported as ${name}`);
  return [...aliases, ...printed].join('\n');
}

let differences = 0;
for (const { name, page, file } of entries) {
  const path = join(import.meta.dirname, `${page}.md`);
  const now = report(name, file);
  if (process.argv.includes('--write')) {
    writeFileSync(path, now);
    continue;
  }
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (before === now) continue;
  differences += 1;
  const [old, fresh] = [before.split('\n'), now.split('\n')];
  console.error(`The public types of ${name} have changed (npm run docs:types accepts that):`);
  for (const line of old.filter((one) => !fresh.includes(one))) console.error(`- ${line}`);
  for (const line of fresh.filter((one) => !old.includes(one))) console.error(`+ ${line}`);
}
if (differences > 0) process.exitCode = 1;
else console.log(`API report: the public types of ${entries.length} entries are as written down`);

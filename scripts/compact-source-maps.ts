import { decode, encode, type SourceMapSegment } from '@jridgewell/sourcemap-codec';
import type { TsdownPlugin } from 'tsdown';

interface SourceMap {
  sources: string[];
  sourcesContent: (string | null)[];
  mappings: string;
}

/**
 * Makes the source maps of a build small: they have the package's sources in them, without doc comments, and lead to the
 * right line, but not to a column, and not into the packages that the build contains.
 */
export function compactSourceMaps(): TsdownPlugin {
  return {
    name: 'compact-source-maps',
    generateBundle(_options, bundle) {
      for (const asset of Object.values(bundle)) {
        if (asset.type !== 'asset' || !asset.fileName.endsWith('.map')) continue;
        const map: SourceMap = JSON.parse(asset.source.toString());
        const isOwn = map.sources.map((source) => !source.includes('node_modules/'));
        const lines = decode(map.mappings).map((segments) => ownLines(segments, isOwn));
        asset.source = JSON.stringify({
          ...map,
          names: [],
          sourcesContent: map.sourcesContent.map((text, index) => (isOwn[index] ? withoutDocs(text) : null)),
          mappings: encode(lines),
        });
      }
    },
  };
}

/** A source without its doc comments, which the declarations have. Their lines stay, empty. */
function withoutDocs(source: string | null): string | undefined {
  return source?.replaceAll(/^ *\/\*\*[\s\S]*?\*\/$/gm, (comment) => comment.replaceAll(/[^\n]/g, ''));
}

/** The segments of a line where another line of a source begins, one for each. */
function ownLines(segments: SourceMapSegment[], isOwn: boolean[]): SourceMapSegment[] {
  const kept: SourceMapSegment[] = [];
  let before = '';
  for (const [column, source, line, sourceColumn] of segments) {
    if (source === undefined || line === undefined || sourceColumn === undefined || !isOwn[source]) continue;
    const position = `${source}:${line}`;
    if (position !== before) kept.push([column, source, line, sourceColumn]);
    before = position;
  }
  return kept;
}

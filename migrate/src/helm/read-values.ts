import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { MigrateError } from '../variables.ts';

/** A values file, with the places of its values. */
export interface ValuesFile {
  /** The value at a path; undefined where there is none, or it is empty: null, '', {} or []. */
  get(path: string): unknown;
  /** Path with file and line, for messages. */
  origin(path: string): string;
  /** Paths of all values that are not empty, as deep as they go. */
  readonly paths: readonly string[];
}

/**
 * Reads the YAML text of a values file.
 * @throws {MigrateError} that names file and line of what is no YAML
 */
export function readValues(text: string, file: string): ValuesFile {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new MigrateError(
      document.errors.map(({ pos, code }) => `${file} line ${lines.linePos(pos[0]).line}: is not YAML (${code})`),
    );
  }
  if (document.contents !== null && !isMap(document.contents)) {
    throw new MigrateError([`${file}: must be a mapping of values`]);
  }
  const nodeAt = (path: string): Node | undefined => document.getIn(path.split('.'), true) as Node | undefined;
  return {
    get: (path) => withoutEmpty(nodeAt(path)?.toJS(document)),
    origin(path) {
      const start = nodeAt(path)?.range?.[0];
      return start === undefined ? path : `${path} (${file} line ${lines.linePos(start).line})`;
    },
    paths: isMap(document.contents) ? leavesOf(document.contents, '') : [],
  };
}

function withoutEmpty(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (typeof value === 'object' && Object.keys(value).length === 0) return undefined;
  return value;
}

function leavesOf(node: unknown, path: string): string[] {
  if (isMap(node) && node.items.length > 0) {
    return node.items.flatMap(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : String(key);
      return leavesOf(value, path === '' ? name : `${path}.${name}`);
    });
  }
  const isEmpty =
    node === null ||
    (isScalar(node) && (node.value === null || node.value === '')) ||
    (isMap(node) || isSeq(node) ? node.items.length === 0 : false);
  return isEmpty ? [] : [path];
}

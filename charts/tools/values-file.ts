import { isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';

/** One value of the chart. */
export interface Value {
  /** Path of keys, such as `['image', 'tag']`. */
  readonly path: readonly string[];
  readonly default: unknown;
  readonly description: string;
  /** What `# @schema` adds to the schema that follows from the default. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** `values.yaml` has a value without a description, or a comment that cannot be read. */
export class ValuesError extends Error {
  override readonly name = 'ValuesError';
}

/**
 * Every value in a values file, in its order. A key with a `# --` comment is a value, whatever is below it; a key
 * without one must be a map of further keys.
 *
 * @throws ValuesError naming the key
 */
export function readValues(text: string): readonly Value[] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new ValuesError('values.yaml must be a map');
  return readMap(contents as YAMLMap, []);
}

function readMap(map: YAMLMap, prefix: readonly string[]): Value[] {
  return map.items.flatMap((pair, index) => {
    const path = [...prefix, keyOf(pair)];
    // The comment before the first key of a map belongs to the map.
    const comment = commentOf(pair.key) ?? (index === 0 ? map.commentBefore : undefined) ?? '';
    const lines = comment.split('\n').map((line) => line.trim());
    const start = lines.findLastIndex((line) => line.startsWith('-- '));
    if (start >= 0) return [toValue(path, lines.slice(start), pair)];
    if (isMap(pair.value) && pair.value.items.length > 0) return readMap(pair.value as YAMLMap, path);
    throw new ValuesError(`${path.join('.')}: has no "# -- description" above it`);
  });
}

function toValue(path: readonly string[], lines: readonly string[], pair: Pair): Value {
  const isSchema = (line: string) => line.startsWith('@schema ');
  const description = lines
    .filter((line) => !isSchema(line))
    .join(' ')
    .replace(/^-- /, '')
    .trim();
  if (!description.endsWith('.')) throw new ValuesError(`${path.join('.')}: description must end with a full stop`);
  const schema = Object.assign({}, ...lines.filter(isSchema).map((line) => parseSchema(path, line)));
  return { path, default: toPlain(pair.value), description, schema };
}

function parseSchema(path: readonly string[], line: string): object {
  try {
    return JSON.parse(line.slice('@schema '.length)) as object;
  } catch (cause) {
    throw new ValuesError(`${path.join('.')}: @schema must be followed by one line of JSON`, { cause });
  }
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function commentOf(key: unknown): string | undefined {
  return (key as Node | null)?.commentBefore ?? undefined;
}

function toPlain(node: unknown): unknown {
  return isScalar(node) ? node.value : (node as { toJSON(): unknown } | null)?.toJSON();
}

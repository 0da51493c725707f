import { type Document, isScalar, type LineCounter, type Node, type Pair, visit, type YAMLSeq } from 'yaml';
import type { Variable } from './variables.ts';

/** Lines on which something like a variable of a name stands. */
export function placesOf(documents: readonly Document[], lines: LineCounter): Map<string, number[]> {
  const places = new Map<string, number[]>();
  const add = (name: unknown, node: Node): void => {
    const line = lines.linePos(node.range?.[0] ?? 0).line;
    places.set(String(name), [...(places.get(String(name)) ?? []), line]);
  };
  const visitor = {
    Pair(_: unknown, { key, value }: Pair): void {
      if (!isScalar(key)) return;
      add(key.value, key);
      if (key.value === 'name' && isScalar(value)) add(value.value, value);
    },
    Seq(_: unknown, { items }: YAMLSeq): void {
      for (const item of items) {
        if (isScalar(item) && typeof item.value === 'string') add(item.value.split('=')[0], item);
      }
    },
  };
  for (const document of documents) visit(document, visitor);
  return places;
}

/** Adds the line to where a variable is from, unless several could be meant. */
export function withLines(variables: Map<string, Variable>, places: Map<string, number[]>): Map<string, Variable> {
  return new Map(
    [...variables].map(([name, variable]) => {
      const [line, ...others] = places.get(name) ?? [];
      const isPlain = line !== undefined && others.length === 0;
      return [name, isPlain ? { ...variable, origin: `${variable.origin}, line ${line}` } : variable];
    }),
  );
}

/** Flags and segments that are nested deeper than so much are evaluated from the bottom up: each takes a part of the stack. */
export const RUNG = 128;

const UNKNOWN = -1;
/** Its own depth is being found out: a flag that meets it is in a cycle, whose depth does not count. */
const OPEN = 0;

/**
 * Which nodes to evaluate first, in which order, so that no walk from a node goes deeper than {@link RUNG} until it meets one that is known:
 * those at every so many levels, from the bottom up. Empty for ordinary data.
 * @param edges by node, the nodes that it asks for
 */
export function rungsOf(edges: readonly (readonly number[] | undefined)[]): Int32Array {
  const depths = new Int32Array(edges.length).fill(UNKNOWN);
  const rungs: { readonly node: number; readonly depth: number }[] = [];
  for (let root = 0; root < edges.length; root++) {
    if (depths[root] !== UNKNOWN) continue;
    depths[root] = OPEN;
    const path = [{ node: root, next: 0, depth: 1 }];
    for (;;) {
      const here = path.at(-1)!;
      const child = edges[here.node]?.[here.next];
      if (child !== undefined) {
        here.next++;
        if (depths[child] === UNKNOWN) {
          depths[child] = OPEN;
          path.push({ node: child, next: 0, depth: 1 });
        } else {
          here.depth = Math.max(here.depth, depths[child]! + 1);
        }
        continue;
      }
      depths[here.node] = here.depth;
      if (here.depth % RUNG === 0) rungs.push({ node: here.node, depth: here.depth });
      path.pop();
      const parent = path.at(-1);
      if (parent === undefined) break;
      parent.depth = Math.max(parent.depth, here.depth + 1);
    }
  }
  return Int32Array.from(
    rungs.sort((a, b) => a.depth - b.depth),
    ({ node }) => node,
  );
}

/** Who leads to whom. Each node that is led to need not be a key. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The graph of some arrows. */
export function graphOf(arrows: Iterable<readonly [from: string, to: string]>): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of arrows) {
    const targets = graph.get(from);
    if (targets === undefined) graph.set(from, new Set([to]));
    else targets.add(to);
  }
  return graph;
}

/** The sets of more than one node in which each leads to each (strongly connected components), sorted. Tarjan's algorithm. */
export function ringsOf(graph: Graph): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const open = new Set<string>();
  const found: string[][] = [];

  const lower = (node: string, by: number) => low.set(node, Math.min(low.get(node) as number, by));
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node) as number);
    stack.push(node);
    open.add(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        lower(node, low.get(next) as number);
      } else if (open.has(next)) {
        lower(node, index.get(next) as number);
      }
    }
    if (low.get(node) !== index.get(node)) return;
    const ring = stack.splice(stack.lastIndexOf(node));
    for (const member of ring) open.delete(member);
    if (ring.length > 1) found.push(ring.sort());
  };
  for (const node of [...graph.keys()].sort()) if (!index.has(node)) visit(node);
  return found.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

/**
 * The arrows of a ring to cut for it to be none: a small set, not always the smallest (which nobody knows to find quickly). The nodes are
 * put in a row in which few arrows point back (Eades, Lin and Smyth's heuristic, then each node where it costs least); those that
 * do are the answer.
 * @param weight what it costs to cut an arrow, such as the number of its imports
 */
export function closingArrows(
  ring: readonly string[],
  graph: Graph,
  weight: (from: string, to: string) => number,
): [from: string, to: string][] {
  const cost = (from: string, to: string) => (graph.get(from)?.has(to) ? weight(from, to) : 0);
  const row = settle(inRow(ring, cost), cost);
  const place = new Map(row.map((node, index) => [node, index]));
  return row.flatMap((from) =>
    row
      .filter(
        (to) => to !== from && graph.get(from)?.has(to) && (place.get(to) as number) < (place.get(from) as number),
      )
      .map((to): [string, string] => [from, to]),
  );
}

type Cost = (from: string, to: string) => number;

/** Those first that lead to more than leads to them. */
function inRow(nodes: readonly string[], cost: Cost): string[] {
  const left = [...nodes];
  const row: string[] = [];
  while (left.length > 0) {
    const surplus = (node: string) => left.reduce((sum, other) => sum + cost(node, other) - cost(other, node), 0);
    const next = left.reduce((best, node) => (surplus(node) > surplus(best) ? node : best));
    row.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return row;
}

/** Moves one node at a time to where the least points back, until nothing gets better. */
function settle(start: readonly string[], cost: Cost): string[] {
  const back = (row: readonly string[]) =>
    row.reduce((sum, from, index) => sum + row.slice(0, index).reduce((part, to) => part + cost(from, to), 0), 0);
  let row = [...start];
  let least = back(row);
  for (let better = true; better; ) {
    better = false;
    for (const node of start) {
      const others = row.filter((other) => other !== node);
      for (let at = 0; at <= others.length; at += 1) {
        const tried = others.toSpliced(at, 0, node);
        const total = back(tried);
        if (total >= least) continue;
        [row, least, better] = [tried, total, true];
      }
    }
  }
  return row;
}

/** The shortest way from one node to another, both included; undefined where there is none. */
export function shortestWay(graph: Graph, from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  // A map can grow while it is walked: new ones come last.
  for (const node of cameFrom.keys()) {
    if (node === to) break;
    for (const next of graph.get(node) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, node);
  }
  if (!cameFrom.has(to)) return undefined;
  const way = [to];
  for (let at = cameFrom.get(to); at !== undefined; at = cameFrom.get(at)) way.unshift(at);
  return way;
}

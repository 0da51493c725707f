import type { Edge, Workspace } from './graph.ts';
import { closingArrows, graphOf, ringsOf, shortestWay } from './rings.ts';

/** An import that breaks a rule. */
export interface Breach {
  readonly rule: 'folder ring' | 'file ring' | 'dialect' | 'package';
  readonly edge: Edge;
  /** What is wrong with it, after "file:line → file: ". */
  readonly why: string;
}

/** Files that may lead to each other, for they are one data structure or one recursion. */
export interface AllowedRing {
  readonly files: readonly string[];
  readonly reason: string;
}

/**
 * Rings between what lies in one folder, seen from each folder below `roots` (files below a folder count as that folder's): for each ring
 * the imports that close it. A ring of files alone is {@link fileRings}' business.
 */
export function folderRings(edges: readonly Edge[], roots: readonly string[]): Breach[] {
  return levelsOf(edges, roots).flatMap((level) => {
    const arrows = new Map<string, Edge[]>();
    for (const edge of edges) {
      const [from, to] = [childOf(level, edge.from), childOf(level, edge.to)];
      if (from === undefined || to === undefined || from === to) continue;
      const name = `${from} ${to}`;
      arrows.set(name, [...(arrows.get(name) ?? []), edge]);
    }
    return closing(arrows)
      .filter(({ ring }) => ring.some((node) => !node.endsWith('.ts')))
      .map(({ edge, way }) => ({
        rule: 'folder ring',
        edge,
        why: `closes a ring of folders in ${level}: ${way.join(' → ')}`,
      }));
  });
}

/**
 * Rings between files: for each the imports that close it.
 * @param allowed a ring all of whose files are in one of these is none
 */
export function fileRings(edges: readonly Edge[], allowed: readonly AllowedRing[]): Breach[] {
  const arrows = new Map(
    edges.filter(({ from, to }) => from !== to).map((edge) => [`${edge.from} ${edge.to}`, [edge]]),
  );
  return closing(arrows)
    .filter(({ ring }) => !allowed.some(({ files }) => ring.every((file) => files.includes(file))))
    .map(({ edge, way }) => ({ rule: 'file ring', edge, why: `closes a ring of files: ${way.join(' → ')}` }));
}

/** Allowed rings that are none (any more): their entries are to go. */
export function unusedAllowances(edges: readonly Edge[], allowed: readonly AllowedRing[]): AllowedRing[] {
  const rings = ringsOf(graphOf(edges.map(({ from, to }) => [from, to])));
  return allowed.filter(({ files }) => !rings.some((ring) => ring.every((file) => files.includes(file))));
}

/**
 * Imports of a dialect by another dialect, or by anything that is not the start-up, which picks the dialects.
 * @param dialects the folder whose folders are the dialects
 * @param startUp files, and folders with a slash at the end, that may import dialects
 */
export function dialectBreaches(edges: readonly Edge[], dialects: string, startUp: readonly string[]): Breach[] {
  return edges.flatMap((edge): Breach[] => {
    const to = dialectOf(dialects, edge.to);
    const from = dialectOf(dialects, edge.from);
    if (to === undefined || from === to) return [];
    if (from !== undefined) return [{ rule: 'dialect', edge, why: `the dialect ${from} imports the dialect ${to}` }];
    if (startUp.some((place) => edge.from === place || (place.endsWith('/') && edge.from.startsWith(place)))) return [];
    return [{ rule: 'dialect', edge, why: `what knows no dialect imports the dialect ${to}` }];
  });
}

/** Imports of another package by path: packages use each other by their name and `exports`. What lies in no workspace is one more package. */
export function packageBreaches(edges: readonly Edge[], workspaces: readonly Workspace[]): Breach[] {
  const packageOf = (file: string) => workspaces.find(({ folder }) => file.startsWith(`${folder}/`));
  return edges.flatMap((edge): Breach[] => {
    const to = packageOf(edge.to);
    if (!edge.byPath || to === undefined || packageOf(edge.from) === to) return [];
    return [{ rule: 'package', edge, why: `reaches into ${to.name} past its exports` }];
  });
}

/** For each ring in `arrows` ("from to", with their imports) the imports to cut, and the ring that each closes. */
function closing(arrows: ReadonlyMap<string, readonly Edge[]>): { edge: Edge; way: string[]; ring: string[] }[] {
  const graph = graphOf([...arrows.keys()].map((name) => name.split(' ') as [string, string]));
  const weight = (from: string, to: string) => arrows.get(`${from} ${to}`)?.length ?? 0;
  return ringsOf(graph).flatMap((ring) =>
    closingArrows(ring, graph, weight).flatMap(([from, to]) => {
      const way = [from, ...(shortestWay(graph, to, from) ?? [])];
      return (arrows.get(`${from} ${to}`) ?? []).map((edge) => ({ edge, way, ring }));
    }),
  );
}

/** Each folder from the roots down that has a file in the graph. */
function levelsOf(edges: readonly Edge[], roots: readonly string[]): string[] {
  const levels = new Set<string>();
  for (const file of edges.flatMap(({ from, to }) => [from, to])) {
    const root = roots.find((one) => file.startsWith(`${one}/`));
    if (root === undefined) continue;
    for (let at = file.lastIndexOf('/'); at >= root.length; at = file.lastIndexOf('/', at - 1))
      levels.add(file.slice(0, at));
  }
  return [...levels].sort();
}

/** The file or folder in `level` that `file` is or lies in. */
function childOf(level: string, file: string): string | undefined {
  return file.startsWith(`${level}/`) ? file.slice(level.length + 1).split('/', 1)[0] : undefined;
}

function dialectOf(dialects: string, file: string): string | undefined {
  const child = childOf(dialects, file);
  return child?.endsWith('.ts') ? undefined : child;
}

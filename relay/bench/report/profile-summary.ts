/** Where a function is, as V8 tells it; lines and columns count from 0. */
export interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** What `node --cpu-prof` writes, as far as it is read here; times in µs. */
export interface CpuProfile {
  readonly startTime: number;
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[];
  /** The node that each sample was in. */
  readonly samples: readonly number[];
  /** Time from the sample before to each sample. */
  readonly timeDeltas: readonly number[];
}

/** A function and its share, 0 to 1, of the time in which the process was not idle. */
export type Share = readonly [name: string, share: number];

/** The functions that take the most, with what they call and by themselves. */
export interface ProfileSummary {
  /** Time that the process was not idle, ms. */
  readonly busyMs: number;
  readonly inclusive: readonly Share[];
  readonly self: readonly Share[];
}

/**
 * Adds up the samples of a window of time (µs, on the profile's clock) by name, and keeps the `top` of them. A function that calls itself counts once. Entry
 * points that hold nearly everything show nothing: what has more than 90 % is left out of the inclusive list.
 */
export function summarise(
  profile: CpuProfile,
  window: { readonly from: number; readonly to: number },
  nameOf: (frame: Frame) => string,
  top: number,
): ProfileSummary {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const { id, callFrame, children = [] } of profile.nodes) {
    names.set(id, nameOf(callFrame));
    for (const child of children) parents.set(child, id);
  }
  const self = new Map<string, number>();
  const inclusive = new Map<string, number>();
  let busy = 0;
  let at = profile.startTime;
  profile.samples.forEach((node, index) => {
    const time = profile.timeDeltas[index] ?? 0;
    at += time;
    const own = names.get(node) ?? '';
    if (at < window.from || at > window.to || own === '(idle)') return;
    busy += time;
    add(self, own, time);
    const seen = new Set<string>();
    for (let id: number | undefined = node; id !== undefined; id = parents.get(id)) seen.add(names.get(id) ?? '');
    for (const name of seen) add(inclusive, name, time);
  });
  const shares = (times: ReadonlyMap<string, number>, limit: number): Share[] =>
    [...times]
      .map(([name, time]): Share => [name, Math.round((10_000 * time) / busy) / 10_000])
      .filter(([name, share]) => share <= limit && name !== '(root)')
      .sort(([, a], [, b]) => b - a)
      .slice(0, top);
  return { busyMs: Math.round(busy / 1000), inclusive: shares(inclusive, 0.9), self: shares(self, 1) };
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time);
}

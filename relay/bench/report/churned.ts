import type { Origin } from './recorded.ts';

/** What a leak would show in, at a moment without SDK streams; sizes in bytes. */
export interface Sample {
  readonly minute: number;
  readonly cycles: number;
  readonly rss: number;
  readonly heap: number;
  readonly fds: number;
  readonly handles: number;
  readonly streams: number;
  readonly environments: number;
}

/** Growth over the second half that is no leak: heaps and pools breathe. */
const ALLOWED = { rss: 0.05, heap: 0.1, handles: 0.1, fds: 0.1 } as const;

/** Growth over the second half of a run, as a share of 1. */
export type Growth = Readonly<Record<keyof typeof ALLOWED, number>>;

/** A run of `make churn`. */
export interface Churned {
  readonly origin: Origin;
  readonly minutes: number;
  /** Streams of a cycle. */
  readonly streams: number;
  readonly environments: { readonly steady: number; readonly changing: number };
  readonly samples: readonly Sample[];
  readonly growth: Growth;
  /** What was different from how it is run today. */
  readonly note?: string;
}

/** How much each figure grew over the second half of the samples. */
export function growthOf(samples: readonly Sample[]): Growth {
  const half = samples.slice(samples.length >> 1);
  const of = (key: keyof Growth) => Number(growth(half.map((one) => one[key])).toFixed(4));
  return { rss: of('rss'), heap: of('heap'), handles: of('handles'), fds: of('fds') };
}

/** Names of what grew by more than it may. */
export function leaks(growth: Growth): string[] {
  return Object.entries(ALLOWED).flatMap(([key, allowed]) => (growth[key as keyof Growth] > allowed ? [key] : []));
}

/** Growth from the first to the last third, by their medians; 0 with too few values to say. */
function growth(values: readonly number[]): number {
  const third = Math.floor(values.length / 3);
  if (third === 0) return 0;
  const median = (some: readonly number[]) => some.toSorted((a, b) => a - b)[some.length >> 1] ?? Number.NaN;
  return median(values.slice(-third)) / median(values.slice(0, third)) - 1;
}

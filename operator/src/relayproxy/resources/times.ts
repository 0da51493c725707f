/** RFC 3339 in whole seconds, as the API server writes times. `ms` since the epoch. */
export function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** ms since the epoch of an RFC 3339 time; undefined for none, and for what is no time. */
export function fromTime(time: string | undefined): number | undefined {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The earlier of two times or delays, where there is one. */
export function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

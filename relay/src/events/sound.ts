/**
 * Whether the numbers of an event are ones that JSON can carry on: JSON text may say 1e400, which parsers make infinite or refuse, and
 * with it the whole payload that the event is in. Versions, counts and times beyond 2^53 are no such things either. Members of another type
 * are upstream's business.
 * @param event as `JSON.parse` made it
 */
export function isSound(event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return true;
  const { creationDate, metricValue, version, variation, samplingRatio, features } = event as Record<string, unknown>;
  if (!isSafe(creationDate) || !isSafe(version) || !isSafe(variation) || !isSafe(samplingRatio)) return false;
  if (typeof metricValue === 'number' && !Number.isFinite(metricValue)) return false;
  return features === undefined || isSoundSummary(event as Record<string, unknown>);
}

function isSoundSummary({ startDate, endDate, features }: Record<string, unknown>): boolean {
  if (!isSafe(startDate) || !isSafe(endDate)) return false;
  if (typeof features !== 'object' || features === null) return true;
  for (const flag of Object.values(features)) {
    const counters: unknown = (flag as { counters?: unknown } | null)?.counters;
    if (!Array.isArray(counters)) continue;
    for (const counter of counters) {
      if (typeof counter !== 'object' || counter === null) continue;
      if (!isSafe(counter.version) || !isSafe(counter.variation) || !isSafe(counter.count)) return false;
    }
  }
  return true;
}

/** Not a number, or one that is exact: no larger than 2^53, with a fraction or without. */
function isSafe(value: unknown): boolean {
  return typeof value !== 'number' || (value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER);
}

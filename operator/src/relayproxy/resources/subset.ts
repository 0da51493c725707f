/**
 * True when everything in `desired` is in `actual` with the same value; `actual` may hold more properties, such as the
 * API server's defaults. Lists must have the same length. A value that the server writes in another way (the quantity
 * 0.5 becomes 500m) counts as different: the caller then applies once more than needed, never once too few.
 */
export function isSubset(desired: unknown, actual: unknown): boolean {
  if (Array.isArray(desired)) {
    if (!Array.isArray(actual) || actual.length !== desired.length) return false;
    return desired.every((item, index) => isSubset(item, actual[index]));
  }
  if (typeof desired !== 'object' || desired === null) return Object.is(desired, actual);
  if (typeof actual !== 'object' || actual === null) return Object.keys(desired).length === 0 && actual === undefined;
  return Object.entries(desired).every(
    ([key, value]) =>
      value === undefined || isSubset(value, Object.hasOwn(actual, key) ? Reflect.get(actual, key) : undefined),
  );
}

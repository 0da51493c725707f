/** No server may make us wait longer than this for one answer, in ms. */
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * The value of a Retry-After header in ms: seconds or an HTTP date (RFC 9110, section 10.2.3); never negative, five
 * minutes at most. Undefined when the header is missing or makes no sense.
 */
export function parseRetryAfter(header: string | string[] | undefined, wallNow: number): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - wallNow;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

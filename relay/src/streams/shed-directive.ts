/** An order to close a share of the streams, so that their clients spread over other pods as well. */
export interface ShedDirective {
  /** Tells one order from the next. */
  readonly id: string;
  /** Of the streams that are open when it comes; above 0, at most {@link MAX_SHARE}. */
  readonly share: number;
  /** The streams are closed spread over this time, in ms. */
  readonly overMs: number;
}

/** Nobody may have a relay close more than this at once: it is no drain. */
export const MAX_SHARE = 0.5;
const MAX_OVER_MS = 600_000;

/**
 * Reads an order: JSON with `id`, `share` and `overMs`. Answers undefined for an empty text, which is no order.
 * @throws Error that says what is wrong
 */
export function parseShedDirective(text: string): ShedDirective | undefined {
  if (text.trim() === '') return undefined;
  const value = parseJson(text);
  const { id, share, overMs } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof id !== 'string' || id === '') throw new Error('id must be a string that is not empty');
  if (typeof share !== 'number' || !(share > 0 && share <= MAX_SHARE)) {
    throw new Error(`share must be a number above 0 and at most ${MAX_SHARE}`);
  }
  if (typeof overMs !== 'number' || !(overMs >= 0 && overMs <= MAX_OVER_MS)) {
    throw new Error(`overMs must be a number from 0 to ${MAX_OVER_MS}`);
  }
  return { id, share, overMs };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('it must be a JSON object', { cause });
  }
}

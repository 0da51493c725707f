import type { JsonObject } from '../json/json.ts';
import { OfrepError } from './result.ts';

/**
 * The context of a request body `{"context": {"targetingKey": …}}`, as it was sent.
 *
 * @throws {OfrepError} with the code that OFREP has for what is wrong
 */
export function contextOf(body: string): JsonObject {
  const request = parse(body);
  if (!isObject(request)) throw new OfrepError('PARSE_ERROR', 'the body must be a JSON object with a "context"');
  const { context } = request;
  if (!isObject(context)) throw new OfrepError('INVALID_CONTEXT', '"context" must be an object');
  return context;
}

/** An escape of half a character, which may stand alone. */
const LONE_SURROGATE = /\\ud/i;

/** U+FFFD in place of half a character: a hash of the text must not depend on who encodes it. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body, LONE_SURROGATE.test(body) ? wellFormed : undefined) as unknown;
  } catch (error) {
    throw new OfrepError('PARSE_ERROR', 'the body is not valid JSON', { cause: error });
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

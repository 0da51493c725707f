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

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new OfrepError('PARSE_ERROR', 'the body is not valid JSON', { cause: error });
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

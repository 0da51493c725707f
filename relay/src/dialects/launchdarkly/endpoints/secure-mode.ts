import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Context, fullyQualifiedKey } from '../model/context.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';

/** What ld-relay says when {@link secureHashMatches} is false (contract 1.8). */
export const SECURE_MODE_MESSAGE = 'Environment is in secure mode, and context hash does not match.';

/**
 * Checks `h` of a client-side request in secure mode: lower-case hex of HMAC-SHA256 of the fully qualified context key
 * under the environment's current SDK key (contract 1.8). Constant in time.
 */
export function secureHashMatches(definition: EnvironmentDefinition, context: Context, presented: string): boolean {
  if (definition.sdkKey === undefined) return false;
  const expected = createHmac('sha256', definition.sdkKey).update(fullyQualifiedKey(context)).digest('hex');
  const actual = Buffer.from(presented);
  return actual.length === expected.length && timingSafeEqual(actual, Buffer.from(expected));
}

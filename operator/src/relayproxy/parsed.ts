import { apiVersion, kind, type ParseResult, parseRelayProxy } from '@flagrelay/crds';
import type { RawRelayProxy } from './resources/kubernetes-types.ts';

const results = new WeakMap<RawRelayProxy, ParseResult>();

/** A cached RelayProxy, parsed once for as long as the cache holds it. Objects of a list come without their kind. */
export function parsed(raw: RawRelayProxy): ParseResult {
  const known = results.get(raw);
  if (known !== undefined) return known;
  const result = parseRelayProxy({ ...raw, apiVersion, kind });
  results.set(raw, result);
  return result;
}

import { apiVersion, kind, type ParseResult, parseRelayProxy, type RelayProxy } from '@flagrelay/crds';
import { createBoundedMap } from '../runtime/bounded-map.ts';
import type { RawRelayProxy } from './resources/kubernetes-types.ts';

/** Specs that are remembered by UID and generation. */
const CAPACITY = 5000;

const results = new WeakMap<RawRelayProxy, ParseResult>();
const specs = createBoundedMap<string, { readonly generation: number; readonly value: RelayProxy }>(CAPACITY);

/**
 * A cached RelayProxy, parsed once for as long as the cache holds it, and its spec once for each generation: most
 * versions of an object differ in their status only. Objects of a list come without their kind.
 */
export function parsed(raw: RawRelayProxy): ParseResult {
  const known = results.get(raw);
  if (known !== undefined) return known;
  const result = fromGeneration(raw) ?? parseRelayProxy({ ...raw, apiVersion, kind });
  results.set(raw, result);
  const { uid, generation } = raw.metadata ?? {};
  if (result.ok && uid !== undefined && generation !== undefined) specs.set(uid, { generation, value: result.value });
  return result;
}

/** The result of an older version with the same spec, with the metadata and the status of this one. */
function fromGeneration({ metadata, status }: RawRelayProxy): ParseResult | undefined {
  const older = specs.get(metadata?.uid ?? '');
  if (metadata === undefined || older === undefined || older.generation !== metadata.generation) return undefined;
  const { status: _older, ...value } = older.value;
  return { ok: true, value: { ...value, metadata, ...(status && { status }) } as RelayProxy };
}

import type { Json, JsonObject } from '../../../json/json.ts';
import { type Clause, readClauses } from './clause.ts';
import type { ItemReader } from './item-reader.ts';

/** Context keys of one kind that are in or out of a segment. */
export interface SegmentTarget {
  /** `''` when absent. */
  readonly contextKind: string;
  readonly values: readonly string[];
}

/** A rule of a segment (contract 12.6). */
export interface SegmentRule {
  readonly clauses: readonly Clause[];
  /** In 1/100000; undefined = all. */
  readonly weight: number | undefined;
  /** `''` = the key. */
  readonly bucketBy: string;
  /** `''` = user. */
  readonly rolloutContextKind: string;
}

/** A segment as evaluation needs it (contract 12.1, 12.6). */
export interface Segment {
  /** The item's own `key` member. */
  readonly key: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly salt: string;
  readonly included: readonly string[];
  readonly excluded: readonly string[];
  readonly includedContexts: readonly SegmentTarget[];
  readonly excludedContexts: readonly SegmentTarget[];
  readonly rules: readonly SegmentRule[];
  readonly unbounded: boolean;
  /** `''` = user. */
  readonly unboundedContextKind: string;
  readonly generation: number | undefined;
}

function readTargets(reader: ItemReader, segment: JsonObject, name: string): readonly SegmentTarget[] {
  return reader.list(segment, name, (target) => ({
    contextKind: reader.string(target, 'contextKind'),
    values: reader.strings(target, 'values'),
  }));
}

/** Reads a segment from its parsed JSON. Throws DataError. */
export function readSegment(reader: ItemReader, value: Json): Segment {
  const segment = reader.root(value);
  return {
    key: reader.string(segment, 'key'),
    version: reader.version(segment, 'version'),
    deleted: reader.boolean(segment, 'deleted'),
    salt: reader.string(segment, 'salt'),
    included: reader.strings(segment, 'included'),
    excluded: reader.strings(segment, 'excluded'),
    includedContexts: readTargets(reader, segment, 'includedContexts'),
    excludedContexts: readTargets(reader, segment, 'excludedContexts'),
    rules: reader.list(segment, 'rules', (rule) => {
      reader.string(rule, 'id');
      return {
        clauses: readClauses(reader, rule),
        weight: reader.integerOrNull(rule, 'weight'),
        bucketBy: reader.stringOrNull(rule, 'bucketBy'),
        rolloutContextKind: reader.string(rule, 'rolloutContextKind'),
      };
    }),
    unbounded: reader.boolean(segment, 'unbounded'),
    unboundedContextKind: reader.string(segment, 'unboundedContextKind'),
    generation: reader.integerOrNull(segment, 'generation'),
  };
}

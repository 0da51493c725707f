import type { Json, JsonObject } from '../../../json/json.ts';
import type { ItemReader } from './item-reader.ts';

/** One condition of a rule (contract 12.4). */
export interface Clause {
  /** `''` when absent. */
  readonly contextKind: string;
  /** `''` when absent. */
  readonly attribute: string;
  readonly op: string;
  readonly values: readonly Json[];
  readonly negate: boolean;
}

/** Reads the `clauses` of a flag or segment rule. Throws DataError. */
export function readClauses(reader: ItemReader, rule: JsonObject): readonly Clause[] {
  return reader.list(rule, 'clauses', (clause) => ({
    contextKind: reader.string(clause, 'contextKind'),
    attribute: reader.stringOrNull(clause, 'attribute'),
    op: reader.string(clause, 'op'),
    values: reader.values(clause, 'values'),
    negate: reader.boolean(clause, 'negate'),
  }));
}

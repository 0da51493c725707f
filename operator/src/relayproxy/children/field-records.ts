import type { KubernetesObject } from '../../runtime/objects.ts';
import { fieldManager } from '../resources/names.ts';

/**
 * Fields that a manager holds, in the notation of the API server (`fieldsV1`): `f:name` a field, `k:{…}` an item of a list
 * by its keys, `v:…` an item of a set. One without content is a leaf: a value, or a map or list that is atomic.
 */
export interface FieldSet {
  readonly [step: string]: FieldSet;
}

/** What the API server knows of who set which fields of an object. */
export interface FieldRecord {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fields: FieldSet;
}

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: FieldSet;
}

/** A record that is larger than this, in characters, is kept without its fields: those of our own children are a tenth of it. */
const MAX_RECORD = 32_768;

/** Makes {@link FieldRecords}. @param maxCharacters text of the records that are shared, all together */
export function createFieldRecords(maxCharacters = 4_194_304): FieldRecords {
  const shared = new Map<string, ManagedFields>();
  let size = 0;

  function sharedEntry(entry: ManagedFields): ManagedFields {
    const text = JSON.stringify(entry);
    if (text.length > MAX_RECORD) return { ...entry, fieldsV1: {} };
    const known = shared.get(text);
    if (known !== undefined) return known;
    shared.set(text, entry);
    size += text.length;
    for (const oldest of shared.keys()) {
      if (size <= maxCharacters) break;
      shared.delete(oldest);
      size -= oldest.length;
    }
    return entry;
  }

  return {
    get characters() {
      return size;
    },
    share(object) {
      const { managedFields = [], ...metadata } = object.metadata ?? {};
      const kept = (managedFields as readonly ManagedFields[]).flatMap((entry) => {
        const { manager, operation, subresource, fieldsV1 } = entry;
        if (subresource === 'status') return [];
        return sharedEntry({
          ...(manager && { manager }),
          ...(operation && { operation }),
          ...(subresource && { subresource }),
          ...(fieldsV1 && { fieldsV1: withoutUids(fieldsV1) }),
        });
      });
      return { ...object, metadata: { ...metadata, managedFields: kept } };
    },
  };
}

/**
 * Keeps the `managedFields` of cached objects small: whole they are often larger than the object. Those of the children of
 * one fleet are the same as those of the next, so that all share one copy; times and what is written to the status are dropped.
 */
export interface FieldRecords {
  /** The object with its records shared; owners' UIDs are left out of them. */
  share(object: KubernetesObject): KubernetesObject;
  /** Length of the text of all shared records. The oldest are no longer shared above the bound. */
  readonly characters: number;
}

/** Owners are named by their UID, by which no two records would be the same. */
function withoutUids(fields: FieldSet): FieldSet {
  const metadata = fields['f:metadata'];
  if (metadata?.['f:ownerReferences'] === undefined) return fields;
  return { ...fields, 'f:metadata': { ...metadata, 'f:ownerReferences': {} } };
}

/** The records of an object, of whatever is not the status. */
export function fieldRecords(object: KubernetesObject): readonly FieldRecord[] {
  return ((object.metadata?.managedFields ?? []) as readonly ManagedFields[])
    .filter(({ subresource }) => subresource !== 'status')
    .map(({ manager = '', operation = '', subresource, fieldsV1 = {} }) => ({
      manager,
      operation,
      ...(subresource && { subresource }),
      fields: fieldsV1,
    }));
}

/** The fields that the operator's own applies hold; undefined when there are none, as of an object that it never applied. */
export function ownFields(object: KubernetesObject): FieldSet | undefined {
  return fieldRecords(object).find(isOwn)?.fields;
}

/** True for the record of the operator's own applies of whole children. */
export function isOwn({ manager, operation, subresource }: FieldRecord): boolean {
  return manager === fieldManager && operation === 'Apply' && subresource === undefined;
}

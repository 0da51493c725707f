import type { ItemKind } from '../../../data/data.ts';
import { isJsonObject, type Json, type JsonObject, ownValue } from '../../../json/json.ts';
import { forEachElement, forEachMember, skipSpace } from '../../../json/scan.ts';

/** A member that the reference always writes (contract 12.1): SDKs of strict languages refuse a payload without it. */
interface Member {
  /** The JSON text where there is none. */
  readonly absent?: string | ((item: JsonObject) => string);
  /** The JSON text in place of `null`, where that is another one; `gone` where it is as if the member were not there. */
  readonly ofNull?: string;
  /** Members of its elements, when it is an array. */
  readonly each?: Shape;
  /** Members of its own, when it is an object. */
  readonly own?: Shape;
}

type Shape = ReadonlyMap<string, Member>;

const shape = (members: Readonly<Record<string, Member>>): Shape => new Map(Object.entries(members));
const list = (each?: Shape): Member => ({ absent: '[]', ofNull: '[]', ...(each === undefined ? {} : { each }) });
const TEXT: Member = { absent: '""' };
const TEXT_OR_NULL: Member = { absent: '""', ofNull: '""' };
const SWITCH: Member = { absent: 'false' };
const ZERO: Member = { absent: '0' };
const NOTHING: Member = { absent: 'null' };

const CLAUSES = list(shape({ attribute: TEXT_OR_NULL, op: TEXT, values: list(), negate: SWITCH }));
/** In place of a text: the member goes. */
const GONE = 'gone';
const OPTIONAL: Member = { ofNull: GONE };
const SERVE = {
  variation: OPTIONAL,
  rollout: {
    ofNull: GONE,
    own: shape({ variations: list(shape({ variation: ZERO, weight: ZERO })), bucketBy: OPTIONAL, seed: OPTIONAL }),
  },
};
const FLAG_TARGETS = list(shape({ variation: ZERO, values: list() }));
const SEGMENT_TARGETS = list(shape({ values: list() }));

const SHAPES: Readonly<Record<ItemKind, Shape>> = {
  flags: shape({
    key: TEXT,
    on: SWITCH,
    prerequisites: list(shape({ key: TEXT, variation: ZERO })),
    targets: FLAG_TARGETS,
    contextTargets: FLAG_TARGETS,
    rules: list(shape({ ...SERVE, clauses: CLAUSES, trackEvents: SWITCH })),
    fallthrough: { absent: '{}', own: shape(SERVE) },
    offVariation: NOTHING,
    variations: list(),
    clientSideAvailability: {
      ofNull: GONE,
      own: shape({ usingMobileKey: SWITCH, usingEnvironmentId: SWITCH }),
    },
    migration: { ofNull: '{}' },
    clientSide: {
      absent: ({ clientSideAvailability: it }) => String(isJsonObject(it) && it.usingEnvironmentId === true),
    },
    salt: TEXT,
    trackEvents: SWITCH,
    trackEventsFallthrough: SWITCH,
    debugEventsUntilDate: NOTHING,
    version: ZERO,
    deleted: SWITCH,
  }),
  segments: shape({
    key: TEXT,
    included: list(),
    excluded: list(),
    includedContexts: SEGMENT_TARGETS,
    excludedContexts: SEGMENT_TARGETS,
    salt: TEXT,
    rules: list(shape({ id: TEXT, clauses: CLAUSES, weight: OPTIONAL, bucketBy: OPTIONAL })),
    version: ZERO,
    generation: NOTHING,
    deleted: SWITCH,
  }),
};

/**
 * The text of a flag or segment with every member that the reference fills in, and otherwise as it was sent; the very same text
 * when nothing is missing.
 * @param text valid JSON of an object
 * @param value what it parses to
 */
export function completeItem(kind: ItemKind, text: string, value: JsonObject): string {
  if (!isSparse(value, SHAPES[kind])) return text;
  const edits: Edit[] = [];
  complete(text, skipSpace(text, 0), value, SHAPES[kind], edits);
  // An edit of a part may come behind one of the whole that lies further on; what is put in goes before what is cut there.
  edits.sort((a, b) => a.start - b.start || a.stop - b.stop);
  const parts: string[] = [];
  let kept = 0;
  for (const { start, stop, by } of edits) {
    parts.push(text.slice(kept, start), by);
    kept = stop;
  }
  parts.push(text.slice(kept));
  return parts.join('');
}

/** A piece of the text, and what it becomes. */
interface Edit {
  readonly start: number;
  readonly stop: number;
  readonly by: string;
}

function isSparse(value: JsonObject, members: Shape): boolean {
  for (const [name, { absent, ofNull, each, own }] of members) {
    const member = ownValue(value, name);
    if (member === undefined) {
      if (absent !== undefined) return true;
    } else if (member === null) {
      if (ofNull !== undefined) return true;
    } else if (each !== undefined) {
      for (const element of member as Json[]) if (isSparse(element as JsonObject, each)) return true;
    } else if (own !== undefined && isSparse(member as JsonObject, own)) {
      return true;
    }
  }
  return false;
}

function complete(text: string, at: number, item: JsonObject, members: Shape, edits: Edit[]): void {
  const seen = new Set<string>();
  /** End of the last member that stays, and of the one before this. */
  let last = -1;
  let before = at + 1;
  const end = forEachMember(text, at, (name, start, stop) => {
    const member = members.get(name);
    const ofNull = text.startsWith('null', start) ? member?.ofNull : undefined;
    if (ofNull === GONE) {
      // With its comma: the one before it, or behind it when nothing stays before it.
      const behind = skipSpace(text, stop);
      const cut = last < 0 && text.startsWith(',', behind) ? behind + 1 : stop;
      edits.push({ start: before, stop: cut, by: '' });
      before = cut;
      return;
    }
    last = stop;
    before = stop;
    if (member === undefined) return;
    seen.add(name);
    const { each, own } = member;
    if (ofNull !== undefined) edits.push({ start, stop, by: ofNull });
    if (own !== undefined && text.startsWith('{', start)) complete(text, start, item, own, edits);
    if (each === undefined || !text.startsWith('[', start)) return;
    forEachElement(text, start, (from) => {
      if (text.startsWith('{', from)) complete(text, from, item, each, edits);
    });
  });
  const missing: string[] = [];
  for (const [name, { absent }] of members) {
    if (absent === undefined || seen.has(name)) continue;
    missing.push(`"${name}":${typeof absent === 'string' ? absent : absent(item)}`);
  }
  if (missing.length === 0) return;
  const start = last < 0 ? end - 1 : last;
  edits.push({ start, stop: start, by: `${last < 0 ? '' : ','}${missing.join(',')}` });
}

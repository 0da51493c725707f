import { forEachMember, memberTexts } from '../../../json/scan.ts';

/** One kind and key of an event's context. */
export interface ContextKey {
  readonly kind: string;
  readonly key: string;
}

/** The context of an event: what deduplication and `contextKeys` need, and the text as the SDK sent it. */
export interface EventContext {
  /** Sorted by kind. */
  readonly keys: readonly ContextKey[];
  readonly text: string;
}

/** An event of an SDK that does not summarise, taken apart (contract 5.3). Texts are JSON as it came. */
export type ReceivedEvent =
  | {
      readonly kind: 'feature';
      readonly creationDate: number;
      readonly key: string;
      readonly context: EventContext;
      readonly version: number | undefined;
      readonly variation: number | undefined;
      readonly value: string;
      readonly default: string;
      readonly trackEvents: boolean | undefined;
      readonly debugEventsUntilDate: number;
      readonly samplingRatio: number | undefined;
      readonly excludeFromSummaries: boolean;
      readonly reason: string | undefined;
    }
  | {
      readonly kind: 'custom';
      readonly creationDate: number;
      readonly key: string;
      readonly context: EventContext;
      readonly data: string | undefined;
      readonly metricValue: number | undefined;
    }
  | { readonly kind: 'identify'; readonly creationDate: number; readonly context: EventContext }
  /** An alias, or something newer: passed on as it is. */
  | { readonly kind: 'raw'; readonly text: string };

type Members = ReadonlyMap<string, string>;

/** Something in the event has the wrong type; it is left out. */
class InvalidEvent extends Error {}
/** One for all: there may be hundreds of thousands in a body, and where each was thrown is of no use. */
const INVALID = new InvalidEvent();

/** What is read of an event and of its context; whatever else is in them is passed over. */
const EVENT_MEMBERS: ReadonlySet<string> = new Set([
  'kind',
  'creationDate',
  'context',
  'user',
  'key',
  'data',
  'metricValue',
  'version',
  'variation',
  'value',
  'default',
  'trackEvents',
  'debugEventsUntilDate',
  'samplingRatio',
  'excludeFromSummaries',
  'reason',
]);
/** Kinds that the context of an event may have: each is taken apart by itself, and nobody has a hundred. */
const MAX_KINDS = 5_000;
const CONTEXT_MEMBERS: ReadonlySet<string> = new Set(['kind', 'key']);

/** Takes an event apart; undefined when it has no kind, lacks its context, the context has thousands of kinds, or a member has the wrong type. */
export function readEvent(text: string): ReceivedEvent | undefined {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof InvalidEvent) return undefined;
    throw error;
  }
}

function read(text: string): ReceivedEvent {
  if (!text.startsWith('{')) throw INVALID;
  const members = memberTexts(text, EVENT_MEMBERS);
  const kind = string(members, 'kind');
  if (kind === '') throw INVALID;
  if (kind !== 'feature' && kind !== 'custom' && kind !== 'identify') return { kind: 'raw', text };
  const creationDate = time(members, 'creationDate') ?? 0;
  const context = contextOf(members);
  if (kind === 'identify') return { kind, creationDate, context };
  const key = string(members, 'key');
  if (kind === 'custom') {
    return {
      kind,
      creationDate,
      key,
      context,
      data: notNull(members, 'data'),
      metricValue: number(members, 'metricValue'),
    };
  }
  return {
    kind,
    creationDate,
    key,
    context,
    version: integer(members, 'version'),
    variation: integer(members, 'variation'),
    value: members.get('value') ?? 'null',
    default: members.get('default') ?? 'null',
    trackEvents: boolean(members, 'trackEvents'),
    debugEventsUntilDate: time(members, 'debugEventsUntilDate') ?? 0,
    samplingRatio: integer(members, 'samplingRatio'),
    excludeFromSummaries: boolean(members, 'excludeFromSummaries') ?? false,
    reason: notNull(members, 'reason'),
  };
}

/** The context, or the user of an older SDK. */
function contextOf(members: Members): EventContext {
  const text = notNull(members, 'context') ?? notNull(members, 'user');
  if (text?.startsWith('{') !== true) throw INVALID;
  const own = memberTexts(text, CONTEXT_MEMBERS);
  // Only a user of an older SDK may have an empty key.
  if (!own.has('kind')) return { keys: [{ kind: 'user', key: keyOf(own) }], text };
  const kind = notEmpty(string(own, 'kind'));
  if (kind !== 'multi') return { keys: [{ kind, key: notEmpty(keyOf(own)) }], text };
  const keys: ContextKey[] = [];
  for (const [name, member] of kindTexts(text)) {
    if (!member.startsWith('{')) throw INVALID;
    keys.push({ kind: name, key: notEmpty(keyOf(memberTexts(member, CONTEXT_MEMBERS))) });
  }
  if (keys.length === 0) throw INVALID;
  return { keys: keys.sort((a, b) => (a.kind < b.kind ? -1 : 1)), text };
}

/** The texts of a multi-kind context's members; a repeated kind keeps its last one. */
function kindTexts(text: string): Map<string, string> {
  const kinds = new Map<string, string>();
  forEachMember(text, 0, (name, start, end) => {
    if (name === 'kind') return;
    kinds.set(name, text.slice(start, end));
    if (kinds.size > MAX_KINDS) throw INVALID;
  });
  return kinds;
}

function keyOf(members: Members): string {
  if (!members.has('key')) throw INVALID;
  return string(members, 'key');
}

function notEmpty(text: string): string {
  if (text === '') throw INVALID;
  return text;
}

function notNull(members: Members, name: string): string | undefined {
  const text = members.get(name);
  return text === 'null' ? undefined : text;
}

function typed<T>(members: Members, name: string, is: (value: unknown) => value is T): T | undefined {
  const text = notNull(members, name);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (!is(value)) throw INVALID;
  return value;
}

function string(members: Members, name: string): string {
  return typed(members, name, (value) => typeof value === 'string') ?? '';
}

/** A finite number: JSON text may say 1e400. */
function number(members: Members, name: string): number | undefined {
  return typed(members, name, (value): value is number => Number.isFinite(value));
}

/** A number that is exact, of ms since the epoch. */
function time(members: Members, name: string): number | undefined {
  return typed(
    members,
    name,
    (value): value is number => typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER,
  );
}

function boolean(members: Members, name: string): boolean | undefined {
  return typed(members, name, (value) => typeof value === 'boolean');
}

/** Fractions are cut off, as ld-relay does. */
function integer(members: Members, name: string): number | undefined {
  const value = number(members, name);
  if (value === undefined) return undefined;
  const whole = Math.trunc(value);
  if (!Number.isSafeInteger(whole)) throw INVALID;
  return whole;
}

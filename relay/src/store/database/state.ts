import { type DataSet, EMPTY_DATA_SET, type Item, withItem } from '../../data/data.ts';
import type { StoreError } from '../../errors.ts';

/**
 * Whether calls of the database work, by the words of `/status` (contract 3):
 *
 * - `INITIALIZING`: none has been answered yet → `VALID` by the first that is, → `INTERRUPTED` by one that fails.
 * - `VALID` → `INTERRUPTED` by a call that fails.
 * - `INTERRUPTED`: calls fail at once with `error`, the last one met → `VALID` by a look that ends well, and by nothing else: what was
 *   missed has to be brought in first.
 */
export type Health =
  | { readonly kind: 'INITIALIZING' }
  | { readonly kind: 'VALID' }
  | { readonly kind: 'INTERRUPTED'; readonly error: StoreError };

/**
 * What this relay knows of what the database holds:
 *
 * - `unfilled`: it was never seen filled. `since` when (on the monotonic clock) it is known to lack what this relay missed to write.
 *   → `filled` by a write, a read or a look that finds data.
 * - `filled`: `mark` is what `$inited` held when this relay last wrote or looked; undefined when it has only read.
 *   → `emptied` by a look that finds nothing, where something is lost.
 * - `emptied`: the data are gone `since` then. → `filled` by this relay's merge, or by a look that finds another's data, once what is
 *   newer here is in them.
 */
export type Contents =
  | { readonly kind: 'unfilled'; readonly since: number | undefined }
  | { readonly kind: 'filled'; readonly mark: string | undefined }
  | { readonly kind: 'emptied'; readonly since: number };

/**
 * What the database has missed while it was interrupted: everything that this relay knows newest. With an infinite TTL it is what is served, too.
 */
export interface Missed {
  readonly data: DataSet;
  /** A whole list of upstream is part of it. */
  readonly whole: boolean;
}

/** How a relay stands to one environment's part of the database. */
export interface DatabaseState {
  readonly health: Health;
  readonly contents: Contents;
  readonly missed: Missed | undefined;
  /** The link to upstream works: what is known here is as new as can be. */
  readonly linked: boolean;
}

/** What changes the {@link DatabaseState}. */
export type DatabaseEvent =
  /** A call failed. */
  | { readonly kind: 'failed'; readonly error: StoreError }
  /** A whole list of upstream was written. */
  | { readonly kind: 'replaced' }
  /** The database was read, and was filled. */
  | { readonly kind: 'read' }
  /** What is known here was brought in; `mark` is what `$inited` holds now. */
  | { readonly kind: 'merged'; readonly mark: string }
  /** A look found no `$inited`. `known`: there is something to serve. */
  | { readonly kind: 'found-empty'; readonly known: boolean; readonly now: number }
  /** A look found `$inited`, and whatever had to be merged is. */
  | { readonly kind: 'found-filled'; readonly mark: string }
  /** A look ended well. */
  | { readonly kind: 'looked' }
  /** A whole list could not be written. */
  | { readonly kind: 'list-missed'; readonly data: DataSet }
  /** An item could not be written; `known` is what is served. */
  | { readonly kind: 'item-missed'; readonly item: Item; readonly known: DataSet | undefined }
  | { readonly kind: 'linked'; readonly linked: boolean };

/** Before anything happened. */
export const INITIAL_STATE: DatabaseState = {
  health: { kind: 'INITIALIZING' },
  contents: { kind: 'unfilled', since: undefined },
  missed: undefined,
  linked: true,
};

const VALID: Health = { kind: 'VALID' };

/** The state after an event. */
export function stateAfter(state: DatabaseState, event: DatabaseEvent): DatabaseState {
  switch (event.kind) {
    case 'failed':
      return { ...state, health: { kind: 'INTERRUPTED', error: event.error } };
    case 'replaced':
      return written(state, '');
    case 'merged':
      return written(state, event.mark);
    case 'read':
      return { ...state, contents: contentsRead(state.contents) };
    case 'found-empty':
      return { ...state, contents: contentsFoundEmpty(state, event) };
    case 'found-filled':
      return { ...state, contents: { kind: 'filled', mark: event.mark } };
    case 'looked':
      return state.health.kind === 'VALID' ? state : { ...state, health: VALID };
    case 'list-missed':
      return { ...state, missed: { data: event.data, whole: true } };
    case 'item-missed': {
      const latest = state.missed?.data ?? event.known ?? EMPTY_DATA_SET;
      const data = withItem(latest, event.item) ?? latest;
      return { ...state, missed: { data, whole: state.missed?.whole ?? false } };
    }
    case 'linked':
      return { ...state, linked: event.linked };
  }
}

/** Nothing is missing in the database any more. An interruption lasts until a look ends. */
function written(state: DatabaseState, mark: string): DatabaseState {
  const health = state.health.kind === 'INITIALIZING' ? VALID : state.health;
  return { ...state, health, contents: { kind: 'filled', mark }, missed: undefined };
}

/** Reading does not look at the mark: after an emptying it is the next look that tells by whom the database was filled. */
function contentsRead(contents: Contents): Contents {
  if (contents.kind !== 'unfilled') return contents;
  const { since } = contents;
  return since === undefined ? { kind: 'filled', mark: undefined } : { kind: 'emptied', since };
}

function contentsFoundEmpty(state: DatabaseState, { known, now }: { known: boolean; now: number }): Contents {
  const { contents } = state;
  // What the database never had is no loss, but what it has missed belongs there.
  const atStake = state.missed !== undefined || (known && contents.kind !== 'unfilled');
  switch (contents.kind) {
    case 'unfilled':
      return atStake ? { kind: 'unfilled', since: contents.since ?? now } : contents;
    case 'filled':
      return atStake ? { kind: 'emptied', since: now } : { kind: 'filled', mark: undefined };
    case 'emptied':
      return contents;
  }
}

/** Since when the database lacks what this relay knows, on the monotonic clock; undefined when it does not. */
export function lacksSince({ contents }: DatabaseState): number | undefined {
  return contents.kind === 'filled' ? undefined : contents.since;
}

/** The database was filled at some time, as far as this relay knows. */
export function wasFilled({ contents }: DatabaseState): boolean {
  return contents.kind !== 'unfilled';
}

/**
 * Whether what is known here has to be brought into the database that a look has found empty, after {@link DatabaseEvent} `found-empty`. A relay
 * with a link to upstream does it at once; one without leaves it to the others for `patienceMs`.
 */
export function fillsEmpty(state: DatabaseState, now: number, patienceMs: number): boolean {
  const since = lacksSince(state);
  return since !== undefined && (state.linked || now - since >= patienceMs);
}

/**
 * Whether what is known here has to be brought into the database that a look has found filled, before {@link DatabaseEvent} `found-filled`: it has
 * missed something, or was filled by the memory of another relay since this one last wrote or looked.
 */
export function mergesFilled({ contents, missed }: DatabaseState, mark: string): boolean {
  if (missed !== undefined) return true;
  const byUpstream = mark === '';
  const seenBefore = contents.kind === 'filled' && contents.mark === mark;
  return !byUpstream && !seenBefore && contents.kind !== 'unfilled';
}

/** What is missing in the database is the last word of upstream: what it does not name goes. */
export function isExact({ linked, missed }: DatabaseState): boolean {
  return linked && missed?.whole === true;
}

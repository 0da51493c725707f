import { isDeepStrictEqual } from 'node:util';
import type { Served } from './peers.ts';

/**
 * What a gate knows of those who serve what its pod has no key of:
 *
 * - `asking` (at first): nobody has answered yet; the pod is held. → `held` by an answer that others serve, → `open` by one that nobody
 *   does, or by failures alone for too long `since` the first look.
 * - `held`: others serve, as last seen; the pod is held, whatever fails. → `open` by so many looks in a row that find nobody.
 * - `open`: nothing holds the pod any more, for good.
 */
export type GateState =
  | { readonly kind: 'asking'; readonly since: number | undefined }
  | { readonly kind: 'held'; readonly served: ReadonlyMap<string, Served>; readonly emptyLooks: number }
  | { readonly kind: 'open' };

/** What changes a {@link GateState}. Times in ms of the monotonic clock. */
export type GateEvent =
  | { readonly kind: 'look-began'; readonly now: number }
  /** Who is served by how many others; empty: nobody. */
  | { readonly kind: 'found'; readonly served: ReadonlyMap<string, Served> }
  | { readonly kind: 'look-failed'; readonly now: number; readonly giveUpMs: number }
  | { readonly kind: 'closed' };

/** Before the first look. */
export const ASKING: GateState = { kind: 'asking', since: undefined };
const OPEN: GateState = { kind: 'open' };
/** After others served, as many looks in a row must find nobody: the status is put together from reports that come one by one. */
const LOOKS_TO_OPEN = 2;

/** The state after an event; the very same one where nothing has changed. */
export function gateAfter(state: GateState, event: GateEvent): GateState {
  if (state.kind === 'open' || event.kind === 'closed') return OPEN;
  switch (event.kind) {
    case 'look-began':
      return state.kind === 'asking' && state.since === undefined ? { kind: 'asking', since: event.now } : state;
    case 'look-failed': {
      const since = state.kind === 'asking' ? state.since : undefined;
      return since !== undefined && event.now - since >= event.giveUpMs ? OPEN : state;
    }
    case 'found':
      return found(state, event.served);
  }
}

function found(state: Exclude<GateState, { kind: 'open' }>, served: ReadonlyMap<string, Served>): GateState {
  if (state.kind === 'asking') return served.size === 0 ? OPEN : { kind: 'held', served, emptyLooks: 0 };
  if (served.size > 0) {
    const same = isDeepStrictEqual(served, state.served);
    if (same && state.emptyLooks === 0) return state;
    return { kind: 'held', served: same ? state.served : served, emptyLooks: 0 };
  }
  const emptyLooks = state.emptyLooks + 1;
  return emptyLooks >= LOOKS_TO_OPEN ? OPEN : { ...state, emptyLooks };
}

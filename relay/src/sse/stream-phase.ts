/**
 * What an event stream is doing:
 *
 * - `connecting` (at first): the request is on its way. → `open` by an answer with events, → `waiting` by anything else.
 * - `open`: events are read one by one. → `waiting` when the link ends, however.
 * - `waiting`: for the next try, by the back-off of failures or of refusals. → `connecting` when the time is over.
 * - `ended`: by a refusal where those are not tried again, or by `close`; for good.
 *
 * `close` ends it in every phase; `restart` drops the link of `connecting` and `open` and means nothing in the others: the next try comes
 * anyway.
 */
export type StreamPhase =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly after: 'loss' | 'refusal' }
  | { readonly kind: 'ended' };

/** What changes the {@link StreamPhase}. */
export type StreamEvent =
  | { readonly kind: 'opened' }
  /** The link was dropped on purpose: the receiver or `restart` wants a new one. */
  | { readonly kind: 'dropped' }
  /** The link was lost or could not be had. `permanent`: upstream refused; `triesAgain`: that is no reason to end. */
  | { readonly kind: 'lost'; readonly permanent: boolean; readonly triesAgain: boolean }
  | { readonly kind: 'waited' }
  | { readonly kind: 'closed' };

/** The first phase. */
export const CONNECTING: StreamPhase = { kind: 'connecting' };
const ENDED: StreamPhase = { kind: 'ended' };

/** The phase after an event. What does not belong into a phase changes nothing. */
export function phaseAfter(phase: StreamPhase, event: StreamEvent): StreamPhase {
  if (phase.kind === 'ended' || event.kind === 'closed') return ENDED;
  if (phase.kind === 'waiting') return event.kind === 'waited' ? CONNECTING : phase;
  switch (event.kind) {
    case 'opened':
      return { kind: 'open' };
    case 'dropped':
      return { kind: 'waiting', after: 'loss' };
    case 'lost':
      if (!event.permanent) return { kind: 'waiting', after: 'loss' };
      return event.triesAgain ? { kind: 'waiting', after: 'refusal' } : ENDED;
    case 'waited':
      return phase;
  }
}

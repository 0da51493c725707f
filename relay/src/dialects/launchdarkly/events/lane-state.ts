/**
 * What a lane does with events:
 *
 * - `open`: batches are taken.
 * - `closing` (from `open`, when the lane is told to close): no new batch is taken; what is being summarised still is, and who waits for
 *   room still gets it.
 * - `closed` (from `closing`, when the last batch is summarised or time is up): nothing is put into a queue any more, and what
 *   upstream does not take is lost. What is queued is sent once.
 *
 * There is no way back.
 */
export type LanePhase = 'open' | 'closing' | 'closed';

/** How hard it is for events to leave a lane. What it decides is sending sooner, not waiting in vain, and one line in the log. */
export interface Pressure {
  /** Not everything could be sent at the last flush: queues are sent before they are full. */
  readonly overdue: boolean;
  /** Somebody has waited for room in vain, and nothing has been sent since: to wait is of no use. */
  readonly stalled: boolean;
  /** Somebody was turned away since the last flush: that is in the log already. */
  readonly warned: boolean;
}

/** What changes the {@link Pressure}. */
export type PressureEvent =
  /** It is time to send everything. `queued`: there is something. */
  | { readonly kind: 'flush'; readonly queued: boolean }
  /** A payload has ended its way, however. */
  | { readonly kind: 'sent' }
  /** Nothing is queued any more. */
  | { readonly kind: 'emptied' }
  /** Somebody who still wanted room had none in time. */
  | { readonly kind: 'waited-in-vain' }
  /** A client was answered 503. */
  | { readonly kind: 'turned-away' };

/** Of a lane that has just begun. */
export const NO_PRESSURE: Pressure = { overdue: false, stalled: false, warned: false };

/** The pressure after an event. */
export function pressureAfter(pressure: Pressure, event: PressureEvent): Pressure {
  switch (event.kind) {
    case 'flush':
      return { overdue: event.queued, stalled: false, warned: false };
    case 'sent':
      return pressure.stalled ? { ...pressure, stalled: false } : pressure;
    case 'emptied':
      return pressure.overdue ? { ...pressure, overdue: false } : pressure;
    case 'waited-in-vain':
      return { ...pressure, stalled: true };
    case 'turned-away':
      return pressure.warned ? pressure : { ...pressure, warned: true };
  }
}

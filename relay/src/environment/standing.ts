/**
 * How requests for an environment are treated (contract 1.2, 9.1):
 *
 * - `starting` answers 503.
 * - `open` serves what there is.
 * - `refused`: upstream does not know the key; it is as if the environment did not exist.
 * - `keyless`: the same, unless the key is only not known yet, which answers 503.
 */
export type Access = 'starting' | 'open' | 'refused' | 'keyless';

/**
 * Where what is served comes from:
 *
 * - `none`: nothing is there yet.
 * - `sought`: the init timeout is over, and the store is being asked what it has.
 * - `absent`: it was over, and the store had nothing.
 * - `store`: a store, or the snapshot of an earlier run, had it.
 * - `source`: the source has delivered since the start. That stays so.
 */
export type Origin = 'none' | 'sought' | 'absent' | 'store' | 'source';

/** Where an environment stands. */
export interface Standing {
  readonly access: Access;
  readonly origin: Origin;
}

/** What happens to an environment, as far as it matters to its {@link Standing}. */
export type StandingEvent =
  /** A source begins to deliver: at the start, or because there is a key again, or another one. */
  | { readonly type: 'started' }
  /** There is no key to ask upstream with. */
  | { readonly type: 'keyless' }
  /** The source delivered everything, and the store took it. */
  | { readonly type: 'delivered' }
  /** Data of an earlier run are there. */
  | { readonly type: 'preloaded' }
  /** No data within the init timeout. */
  | { readonly type: 'timed-out' }
  /** What the store said when it was asked after that. */
  | { readonly type: 'looked'; readonly found: boolean }
  /** Upstream does not know the key. @param unconfirmed data are served that it has not confirmed in this run */
  | { readonly type: 'refused'; readonly unconfirmed: boolean };

/** Before anything has happened. */
export const INITIAL_STANDING: Standing = { access: 'starting', origin: 'none' };

/**
 * The transitions:
 *
 * | event | in | to |
 * | --- | --- | --- |
 * | `started` | any | `open` if the source has delivered before (a key came back), else `starting` |
 * | `keyless` | any | `keyless`; the origin stays, for when there is a key again |
 * | `delivered` | any | `open`, `source` |
 * | `preloaded` | `starting`, before the source | `open`, `store` |
 * | `timed-out` | `starting` | `open`, and `sought` where nothing is known |
 * | `looked` | `open`, before the source | `store` or `absent` |
 * | `refused` | `starting` or unconfirmed, before the source | `refused`, `none`: data of an earlier run are no reason to serve a key that was revoked since |
 *
 * Returns `standing` itself where an event changes nothing.
 */
export function nextStanding(standing: Standing, event: StandingEvent): Standing {
  const { access, origin } = standing;
  switch (event.type) {
    case 'started':
      return { access: origin === 'source' ? 'open' : 'starting', origin };
    case 'keyless':
      return { access: 'keyless', origin };
    case 'delivered':
      return access === 'open' && origin === 'source' ? standing : { access: 'open', origin: 'source' };
    case 'preloaded':
      return access === 'starting' && origin !== 'source' ? { access: 'open', origin: 'store' } : standing;
    case 'timed-out':
      return access === 'starting' ? { access: 'open', origin: origin === 'none' ? 'sought' : origin } : standing;
    case 'looked':
      return access !== 'open' || origin === 'source' ? standing : { access, origin: event.found ? 'store' : 'absent' };
    case 'refused':
      return origin !== 'source' && (access === 'starting' || event.unconfirmed)
        ? { access: 'refused', origin: 'none' }
        : standing;
  }
}

/** There is something to serve. */
export function hasData({ origin }: Standing): boolean {
  return origin === 'source' || origin === 'store';
}

/** Nothing more is to be waited for before the relay may call itself started. */
export function isSettled({ access, origin }: Standing): boolean {
  return access === 'refused' || access === 'keyless' || (origin !== 'none' && origin !== 'sought');
}

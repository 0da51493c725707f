import type { LinkError, LinkState, LinkStatus } from '../data/link.ts';

/** The link's status after a report of its source: `stateSince` moves with the state only, `lastError` stays after recovery (contract 3). */
export function nextLink(old: LinkStatus, state: LinkState, error: LinkError | undefined, now: number): LinkStatus {
  const lastError = error ?? old.lastError;
  return {
    state,
    stateSince: state === old.state ? old.stateSince : now,
    ...(lastError === undefined ? {} : { lastError }),
  };
}

/** ld-relay's rule for `connected` (contract 3): initialised once, and not without a VALID link for too long. */
export function isConnected(link: LinkStatus, initialised: boolean, disconnectedAfterMs: number, now: number): boolean {
  return initialised && (link.state === 'VALID' || now - link.stateSince < disconnectedAfterMs);
}

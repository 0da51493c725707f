import type { Clock } from '@flagrelay/kube/clock';
import type { Counter } from 'prom-client';
import type { RestClient } from '../../runtime/rest-types.ts';
import { identityOf } from '../resources/names.ts';
import type { Happening } from '../status/events.ts';
import type { Snapshot } from '../status/snapshot.ts';
import { evict } from './evict.ts';
import { findStuck, QUIET_MS } from './find-stuck.ts';

/** Dependencies of {@link createHealer}, and how long it waits before it restarts a pod. */
export interface HealerOptions {
  readonly client: RestClient;
  readonly clock: Pick<Clock, 'now'>;
  /** How long all environments of a pod must have been stuck, ms; 0: never restart any. */
  readonly stuckAfterMs: number;
  readonly restarts: Counter<'result'>;
}

/** What healing came to. */
export interface Healed {
  readonly happenings: readonly Happening[];
  /** ms; look again then. */
  readonly recheckAfterMs: number | undefined;
}

/** Restarts stuck pods. */
export interface Healer {
  /** Throws what the client throws. */
  heal(snapshot: Snapshot, signal: AbortSignal): Promise<Healed>;
}

/** Over all RelayProxies at most this many pods are restarted in ten minutes: more at once are no trouble of single pods. */
const MAX_RESTARTS = 5;
/** After a refusal, or with nothing left of the operator's budget, ms. */
const RETRY_MS = 60_000;

/** Makes a {@link Healer}. Its own budget is remembered, and begins again with the process; that of a fleet does not. */
export function createHealer({ client, clock, stuckAfterMs, restarts }: HealerOptions): Healer {
  /** When pods were restarted, by the UID of their RelayProxy; monotonic ms. */
  const recent = new Map<string, number>();

  return {
    async heal(snapshot, signal) {
      if (stuckAfterMs === 0) return { happenings: [], recheckAfterMs: undefined };
      const decision = findStuck(snapshot, stuckAfterMs);
      if (decision.kind === 'none') return { happenings: [], recheckAfterMs: decision.againInMs };
      for (const [uid, at] of recent) if (clock.now() - at >= QUIET_MS) recent.delete(uid);
      const { uid = '' } = snapshot.relayProxy.metadata;
      // The cache may not show yet that a pod was evicted just now.
      if (recent.has(uid)) return { happenings: [], recheckAfterMs: RETRY_MS };
      if (recent.size >= MAX_RESTARTS) {
        restarts.inc({ result: 'over_budget' });
        return { happenings: [], recheckAfterMs: RETRY_MS };
      }
      const { pod, note } = decision;
      const { namespace } = identityOf(snapshot.relayProxy);
      const result = await evict(client, { name: pod.name, namespace, uid: pod.uid, signal });
      restarts.inc({ result });
      if (result !== 'evicted') return { happenings: [], recheckAfterMs: RETRY_MS };
      recent.set(uid, clock.now());
      return {
        happenings: [{ type: 'Warning', reason: 'InstanceStuck', action: 'Restart', note }],
        recheckAfterMs: undefined,
      };
    },
  };
}

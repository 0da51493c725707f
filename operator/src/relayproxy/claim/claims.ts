import { isNotFound } from '@flagrelay/kube/api-error';
import type { Clock } from '@flagrelay/kube/clock';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import { type ObjectRef, objectKey } from '../../runtime/objects.ts';
import { isOlder } from '../../runtime/resource-version.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import { type RawRelayProxy, types } from '../resources/kubernetes-types.ts';
import { fieldManager } from '../resources/names.ts';

/** The operator that manages a RelayProxy. */
export type Claim =
  | { readonly ours: true }
  | {
      readonly ours: false;
      /** Name of the other operator: namespace and name of its Lease. */
      readonly by: string;
      /** True when that was not so when it was last looked at. */
      readonly news: boolean;
      /** ms; look again then. */
      readonly recheckAfterMs: number;
    };

/** Sees to it that one operator alone manages a RelayProxy. */
export interface Claims {
  /**
   * Says whether this operator manages a RelayProxy, and makes it so where nobody does. The claim is written to
   * `status.operator` on condition that nobody wrote meanwhile, so that two cannot both have it. Costs no call while
   * the claim is ours.
   *
   * A claim has no heartbeat. Who finds that of another asks whether that one is still there, by a field beside the claim
   * that its holder takes away; what is not answered for two minutes is taken over. One RelayProxy of a namespace is asked for all
   * of the same holder there, and again every two minutes. Throws what the client throws; a conflict when somebody else was quicker.
   */
  check(raw: RawRelayProxy, signal: AbortSignal): Promise<Claim>;
  /** RelayProxies that are left to another operator. */
  readonly leftAlone: number;
  /** Drops what is remembered of a RelayProxy that is gone. */
  forget(key: string): void;
}

/** A holder that does not answer for this long is gone, ms: a new leader of the same release is there long before. */
const ANSWER_MS = 120_000;
/** Least time between two questions to a holder that answered, ms. */
const ASK_AGAIN_MS = 120_000;
/** With many namespaces there is one question in this time over all, ms. */
const BETWEEN_QUESTIONS_MS = 1000;
/** So long the RelayProxies of a holder that is gone are taken over without asking for each, ms. */
const GONE_MS = 60_000;

/** Holders that are remembered, one for each namespace that they have claims in. */
const MAX_HOLDERS = 5000;

/** Sets claims and questions; not the manager of the rest of the status, whose applies would take them away. */
const claimManager = `${fieldManager}-claim`;

/** What is known of one holder in one namespace; times are monotonic ms. */
interface Holder {
  asked?: { readonly key: string; readonly at: number; readonly resourceVersion: string | undefined } | undefined;
  answeredAt?: number;
  goneAt?: number;
}

/** Makes {@link Claims}. @param self name of this operator, which all its replicas and releases share: namespace and name of its Lease */
export function createClaims(client: Pick<RestClient, 'patch'>, self: string, clock: Pick<Clock, 'now'>): Claims {
  /** By key: the version in which our claim was written, which the cache may not show yet; `dropped`: a CRD of an older release does not keep it. */
  const claimed = new Map<
    string,
    { readonly uid: string; readonly resourceVersion: string | undefined; readonly dropped: boolean }
  >();
  /** By key: whom it is left to. */
  const left = new Map<string, string>();
  /** By holder and namespace. */
  const holders = createBoundedMap<string, Holder>(MAX_HOLDERS);

  async function write(raw: RawRelayProxy, operator: object, signal: AbortSignal): Promise<RawRelayProxy> {
    const { name = '', namespace, resourceVersion } = raw.metadata ?? {};
    const ref: ObjectRef = { name, namespace };
    const body = { metadata: { resourceVersion }, status: { operator } };
    const options = { subresource: 'status', fieldManager: claimManager, signal };
    return client.patch(types.relayProxy, ref, { type: 'merge', body }, options);
  }

  async function take(raw: RawRelayProxy, key: string, signal: AbortSignal): Promise<Claim> {
    try {
      const { metadata, status } = await write(raw, { name: self, askedBy: null }, signal);
      const dropped = status?.operator?.name !== self;
      claimed.set(key, { uid: raw.metadata?.uid ?? '', resourceVersion: metadata?.resourceVersion, dropped });
    } catch (error) {
      if (!isNotFound(error)) throw error; // deleted meanwhile, which its next event tells
    }
    left.delete(key);
    return { ours: true };
  }

  /** Whether the holder is there still: asks it where that is due. */
  async function look(raw: RawRelayProxy, key: string, holder: Holder, signal: AbortSignal): Promise<number | 'gone'> {
    const now = clock.now();
    if (holder.goneAt !== undefined) {
      if (now - holder.goneAt < GONE_MS) return 'gone';
      delete holder.goneAt;
    }
    const { asked } = holder;
    if (asked?.key === key && !isOlder(raw.metadata?.resourceVersion, asked.resourceVersion)) {
      if (raw.status?.operator?.askedBy !== self) {
        holder.asked = undefined;
        holder.answeredAt = now;
      } else if (now - asked.at >= ANSWER_MS) {
        holder.asked = undefined;
        holder.goneAt = now;
        return 'gone';
      }
    }
    if (holder.asked !== undefined) return Math.max(1000, holder.asked.at + ANSWER_MS - now);
    const pauseMs = Math.max(ASK_AGAIN_MS, holders.size * BETWEEN_QUESTIONS_MS);
    if (holder.answeredAt !== undefined && now - holder.answeredAt < pauseMs) return holder.answeredAt + pauseMs - now;
    // Noted before the answer, so that no other worker asks as well.
    holder.asked = { key, at: now, resourceVersion: raw.metadata?.resourceVersion };
    try {
      const { metadata } = await write(raw, { askedBy: self }, signal);
      holder.asked = { key, at: now, resourceVersion: metadata?.resourceVersion };
    } catch (error) {
      holder.asked = undefined;
      throw error;
    }
    return ANSWER_MS;
  }

  return {
    async check(raw, signal) {
      const key = objectKey(raw);
      const { uid = '', namespace = '', resourceVersion } = raw.metadata ?? {};
      const { name: by, askedBy } = raw.status?.operator ?? {};
      if (by === self) {
        left.delete(key);
        claimed.delete(key);
        if (askedBy !== undefined) await write(raw, { askedBy: null }, signal);
        return { ours: true };
      }
      const own = claimed.get(key);
      const lags = isOlder(resourceVersion, own?.resourceVersion);
      if (own?.uid === uid && (lags || (own.dropped && by === undefined))) return { ours: true };
      claimed.delete(key);
      if (by === undefined) return take(raw, key, signal);

      const scope = `${by} ${namespace}`;
      const holder = holders.get(scope) ?? {};
      holders.set(scope, holder);
      const news = left.get(key) !== by;
      left.set(key, by);
      const state = await look(raw, key, holder, signal);
      return state === 'gone' ? take(raw, key, signal) : { ours: false, by, news, recheckAfterMs: state };
    },
    get leftAlone() {
      return left.size;
    },
    forget(key) {
      claimed.delete(key);
      left.delete(key);
      for (const [scope, holder] of [...holders.entries()]) {
        if (holder.asked?.key === key) holders.delete(scope);
      }
    },
  };
}

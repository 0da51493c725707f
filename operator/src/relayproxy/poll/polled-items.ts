import type { InstanceStatus } from '@flagrelay/crds';
import { isConflict, isNotFound } from '@flagrelay/kube/api-error';
import type { RestClient } from '../../runtime/rest-types.ts';
import { hashOf } from '../resources/hash.ts';
import { type RawRelayProxy, types } from '../resources/kubernetes-types.ts';
import { fieldManager } from '../resources/names.ts';
import { toTime } from '../resources/times.ts';

/** Holds the items of pods that do not report; apart from the operator's own manager, so that each can let go by itself. */
export const pollManager = `${fieldManager}-poll`;

/** What {@link writePolledItems} writes. */
export interface PolledItemsRequest {
  readonly raw: RawRelayProxy;
  /** What silent pods answered, without times. */
  readonly answers: readonly InstanceStatus[];
  /** ms since the epoch */
  readonly now: number;
  readonly signal: AbortSignal;
}

/**
 * Applies the items of pods that do not report, if they differ from what is there. An item belongs as a whole to whoever
 * applied it last: a pod's next report takes it back, and `polledTime` goes with it. Resolves to the items as they now are,
 * or to undefined when the object changed meanwhile, such as by a report of the pod. Throws what the client throws.
 */
export async function writePolledItems(
  client: RestClient,
  { raw, answers, now, signal }: PolledItemsRequest,
): Promise<readonly InstanceStatus[] | undefined> {
  const present = raw.status?.instances ?? [];
  const held = present.filter((item) => item.polledTime !== undefined);
  const wanted = answers.map((answer): InstanceStatus => {
    const before = held.find(({ name }) => name === answer.name);
    return before !== undefined && isSame(before, answer) ? before : { ...answer, polledTime: toTime(now) };
  });
  if (hashOf(sorted(held)) === hashOf(sorted(wanted))) return wanted;
  const { name = '', namespace, resourceVersion } = raw.metadata ?? {};
  // With the version that was looked at: the pod may have reported just now, and its word counts more.
  const metadata = { name, ...(namespace && { namespace }), ...(resourceVersion && { resourceVersion }) };
  try {
    const options = { subresource: 'status', fieldManager: pollManager, force: true, signal };
    await client.apply(types.relayProxy, { metadata, status: { instances: wanted } } as RawRelayProxy, options);
    return wanted;
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

/** True when a pod's answer says what the item says and no more. */
export function isSame(item: InstanceStatus, answer: InstanceStatus): boolean {
  return hashOf(content(item)) === hashOf(content(answer));
}

/** What an item says, without when, and without the number of connections, which never stands still. */
function content({
  lastReportTime: _reported,
  polledTime: _polled,
  connections: _busy,
  ...rest
}: InstanceStatus): object {
  return { ...rest, unhealthy: rest.unhealthy ?? [] };
}

function sorted(items: readonly InstanceStatus[]): InstanceStatus[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}

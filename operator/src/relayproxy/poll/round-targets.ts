import { objectKey } from '../../runtime/objects.ts';
import type { Caches } from '../caches.ts';
import { fleetPods } from '../fleet-pods.ts';
import { parsed } from '../parsed.ts';
import { podFacts } from '../status/pods.ts';
import type { RoundTarget } from './rounds.ts';
import { isOwnReport } from './silent-pods.ts';

/** The ready pods that have reported by themselves, of all RelayProxies, and where each can be asked. Reads caches only. */
export function roundTargets(caches: Caches): RoundTarget[] {
  return caches.relayProxies.store.list().flatMap((raw) => {
    const result = parsed(raw);
    if (!result.ok) return [];
    const key = objectKey(raw);
    const { metrics, zones } = result.value.spec;
    const itemOf = (uid: string) =>
      caches.relayProxies.store.getByKey(key)?.status?.instances?.find((item) => item.uid === uid);
    return podFacts(fleetPods(caches, result.value), undefined, () => undefined, zones).flatMap(
      ({ name, uid, ready, hostNetwork, address }): RoundTarget[] => {
        if (!ready || hostNetwork || address === undefined || !isOwnReport(itemOf(uid))) return [];
        return [{ key, pod: { name, uid, address, port: metrics.port }, item: () => itemOf(uid) }];
      },
    );
  });
}

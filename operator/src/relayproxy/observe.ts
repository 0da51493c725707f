import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import { refKey } from '../runtime/objects.ts';
import { type Caches, indexes } from './caches.ts';
import { documentText } from './resources/config-map.ts';
import { shortHash } from './resources/hash.ts';
import { identityOf, relayName } from './resources/names.ts';
import { deploymentFacts } from './status/deployment-facts.ts';
import { podFacts } from './status/pods.ts';
import { missingReferences } from './status/references.ts';
import type { Outcome, Snapshot } from './status/snapshot.ts';

/** What a snapshot is taken with, beside the caches. */
export interface ObserveInput {
  readonly relayProxy: RelayProxy;
  readonly previous: RelayProxyStatus;
  readonly outcome: Outcome;
  readonly relayImage: string;
  /** ms since the epoch */
  readonly now: number;
}

/** Takes the snapshot that the status is computed from. Reads caches only. */
export function observe(caches: Caches, input: ObserveInput): Snapshot {
  const { relayProxy, previous, relayImage } = input;
  const { name, namespace } = identityOf(relayProxy);
  const reports = previous.instances ?? [];
  const pods = podFacts(
    caches.pods.store.byIndex(indexes.relayProxy, refKey({ namespace, name })),
    caches.nodes?.store,
    (pod) => reports.find((report) => report.name === pod)?.zone,
    relayProxy.spec.zones,
  );
  const uids = new Set(pods.map((pod) => pod.uid));
  const deployment = caches.childStores.deployment.get({ namespace, name: relayName(relayProxy) });
  return {
    now: input.now,
    relayProxy,
    previous,
    outcome: input.outcome,
    deployment: deployment && deploymentFacts(deployment),
    pods,
    instances: reports.filter((report) => report.uid !== undefined && uids.has(report.uid)),
    missing: missingReferences(relayProxy, { configMaps: caches.configMaps.store, claims: caches.claims.store }),
    configHash: shortHash(documentText(relayProxy)),
    image: relayProxy.spec.image ?? relayImage,
  };
}

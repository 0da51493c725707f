import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import type { ObjectRef } from '../runtime/objects.ts';
import type { Caches } from './caches.ts';
import { fleetPods } from './fleet-pods.ts';
import { nameCollision } from './name-collisions.ts';
import { parsed } from './parsed.ts';
import { documentText } from './resources/config-map.ts';
import { shortHash } from './resources/hash.ts';
import { type ConfigMap, type Deployment, types } from './resources/kubernetes-types.ts';
import { configMapName, identityOf, relayName } from './resources/names.ts';
import { documentFile } from './resources/paths.ts';
import { ownsAccount } from './resources/service-account.ts';
import type { ScalingDecision } from './scaling/decide.ts';
import { deploymentFacts } from './status/deployment-facts.ts';
import { podFacts } from './status/pods.ts';
import { missingReferences } from './status/references.ts';
import type { Outcome, PodFacts, Snapshot } from './status/snapshot.ts';
import { fromTime } from './status/times.ts';

/** What a snapshot is taken with, beside the caches. */
export interface ObserveInput {
  readonly relayProxy: RelayProxy;
  readonly previous: RelayProxyStatus;
  readonly outcome: Outcome;
  readonly pods: readonly PodFacts[];
  readonly scaling: ScalingDecision | undefined;
  readonly relayImage: string;
  readonly version: string;
  /** ms since the epoch */
  readonly now: number;
}

/** The pods that are not finished, and what they reported of their zones. Reads caches only. */
export function observePods(caches: Caches, relayProxy: RelayProxy, previous: RelayProxyStatus): PodFacts[] {
  const reports = previous.instances ?? [];
  return podFacts(
    fleetPods(caches, relayProxy),
    caches.nodes?.store,
    (pod) => reports.find((report) => report.name === pod)?.zone,
    relayProxy.spec.zones,
  );
}

/** Takes the snapshot that the status is computed from. Reads caches only. */
export function observe(caches: Caches, input: ObserveInput): Snapshot {
  const { relayProxy, previous, pods } = input;
  const { namespace } = identityOf(relayProxy);
  const reports = previous.instances ?? [];
  const uids = new Set(pods.map((pod) => pod.uid));
  const deployment = caches.childStores.deployment.get({ namespace, name: relayName(relayProxy) });
  return {
    now: input.now,
    relayProxy,
    previous,
    outcome: input.outcome,
    deployment: deployment && deploymentFacts(deployment),
    pods,
    scaling: input.scaling,
    instances: reports.filter((report) => report.uid !== undefined && uids.has(report.uid)),
    missing: missingReferences(relayProxy, { configMaps: caches.configMaps.store, claims: caches.claims.store }),
    configHash: shortHash(documentInForce(caches, input)),
    image: imageInForce(input, deployment),
    operatorVersion: input.version,
    silent: [],
    collision: nameCollision(relayProxy, (name) => relayProxyNamed(caches, { namespace, name })),
    accountSince: accountSince(caches, relayProxy),
  };
}

function relayProxyNamed(caches: Caches, ref: ObjectRef): RelayProxy | undefined {
  const raw = caches.relayProxies.store.get(ref);
  const result = raw && parsed(raw);
  return result?.ok ? result.value : undefined;
}

/** When the account of the pods was made; undefined for one of the user's, which is in no cache. */
function accountSince(caches: Caches, relayProxy: RelayProxy): number | undefined {
  if (!ownsAccount(relayProxy)) return undefined;
  const ref = { ...identityOf(relayProxy), name: relayName(relayProxy) };
  return fromTime(caches.childStores.of(types.serviceAccount).get(ref)?.metadata?.creationTimestamp);
}

/** The image that the pods should run: while a newer one waits for its turn, the one that they have. */
function imageInForce(input: ObserveInput, live: Deployment | undefined): string {
  const wanted = input.relayProxy.spec.image ?? input.relayImage;
  return (waitsForUpgrade(input) ? live?.spec?.template.spec?.containers[0]?.image : undefined) ?? wanted;
}

/** The configuration that the pods should run; while a newer one waits for its turn, the one that they have. */
function documentInForce(caches: Caches, input: ObserveInput): string {
  const { relayProxy } = input;
  if (!waitsForUpgrade(input)) return documentText(relayProxy);
  const ref = { ...identityOf(relayProxy), name: configMapName(relayProxy) };
  const live = caches.childStores.of(types.configMap).get(ref) as ConfigMap | undefined;
  return live?.data?.[documentFile] ?? documentText(relayProxy);
}

function waitsForUpgrade({ outcome }: ObserveInput): boolean {
  return outcome.kind === 'applied' && outcome.upgrade !== undefined;
}

import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import type { ObjectRef } from '../runtime/objects.ts';
import type { Caches } from './caches.ts';
import { fleetPods } from './fleet-pods.ts';
import { nameCollision } from './name-collisions.ts';
import { parsed } from './parsed.ts';
import { documentOf } from './pods/pod-document.ts';
import type { PodFacts } from './pods/pod-facts.ts';
import { documentText } from './resources/config-map.ts';
import { currentConfigMap } from './resources/config-version.ts';
import { shortHash } from './resources/hash.ts';
import { type ConfigMap, type Deployment, types } from './resources/kubernetes-types.ts';
import { identityOf, relayName } from './resources/names.ts';
import { documentFile } from './resources/paths.ts';
import { ownsAccount } from './resources/service-account.ts';
import { fromTime } from './resources/times.ts';
import { mountedConfigMap } from './resources/volumes.ts';
import type { ScalingDecision } from './scaling/decide.ts';
import { deploymentFacts } from './status/deployment-facts.ts';
import { podFacts } from './status/pods.ts';
import { missingReferences } from './status/references.ts';
import type { Outcome, Snapshot } from './status/snapshot.ts';

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
    (name) => {
      const found = configMapNamed(caches, relayProxy, name);
      return found && documentOf(found);
    },
  );
}

/** A ConfigMap with a configuration, from the cache. */
function configMapNamed(caches: Caches, relayProxy: RelayProxy, name: string): ConfigMap | undefined {
  const { namespace } = identityOf(relayProxy);
  return caches.childStores.of(types.configMap).get({ namespace, name }) as ConfigMap | undefined;
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
    ...configurationInForce(caches, input, deployment),
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

/** The configuration of the newest pods; while a newer one waits for its turn, the one that they have. */
function configurationInForce(
  caches: Caches,
  input: ObserveInput,
  live: Deployment | undefined,
): Required<Pick<Snapshot, 'configHash' | 'configMap'>> {
  const { relayProxy } = input;
  const mounted = waitsForUpgrade(input) ? mountedConfigMap(live?.spec?.template.spec) : undefined;
  const found = mounted === undefined ? undefined : configMapNamed(caches, relayProxy, mounted);
  return {
    configHash: shortHash(found?.data?.[documentFile] ?? documentText(relayProxy)),
    configMap: mounted ?? currentConfigMap(relayProxy, input),
  };
}

function waitsForUpgrade({ outcome }: ObserveInput): boolean {
  return outcome.kind === 'applied' && outcome.upgrade !== undefined;
}

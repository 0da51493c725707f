import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import type { KindDiscovery } from '../../runtime/kind-discovery.ts';
import type { KubernetesObject, ObjectRef, ResourceType } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { PodDocument } from '../pods/pod-document.ts';
import { currentConfigMap } from '../resources/config-version.ts';
import { buildDeployment } from '../resources/deployment.ts';
import type { Facts, PodsOfBefore } from '../resources/facts.ts';
import { type ConfigMap, type Deployment, types } from '../resources/kubernetes-types.ts';
import { identityOf, relayName, serviceName, templateHashAnnotation } from '../resources/names.ts';
import { portNameOf } from '../resources/service.ts';
import { earliest } from '../resources/times.ts';
import { mountedConfigMap } from '../resources/volumes.ts';
import type { ScalingDecision } from '../scaling/decide.ts';
import { scalingReason } from '../scaling/explain.ts';
import { planOf } from '../sizing/plan.ts';
import type { ChildChanges } from '../status/events.ts';
import type { ChildProblem, Outcome } from '../status/snapshot.ts';
import type { UpgradeGate } from '../upgrade/gate.ts';
import { isComplete } from '../upgrade/plan.ts';
import type { Applier } from './apply.ts';
import { type ChildKind, type ChildStores, childKinds, childTypes } from './children.ts';
import { configHistory, configMapsOf, refuseTooLarge } from './config-history.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import { contestProblem } from './contested.ts';
import { isUnknownKind, KindDisabledError, KindNotInstalledError } from './kind-not-installed.ts';
import { isFinal, problemOf, refuseDroppedImageVolume } from './problems.ts';
import { pruneChildren } from './prune.ts';
import { setReplicas, settleReplicas } from './replicas.ts';

/** Foreign objects are in no cache of ours, so that nobody says when they go. */
const LOOK_AGAIN_MS = 60_000;

/** What came of making the children what the spec asks for. */
export interface ChildrenResult {
  readonly outcome: Outcome;
  readonly changes: ChildChanges;
  /** True when the configuration of running pods was changed. */
  readonly configChanged: boolean;
  /** ms; look again then, though nothing may say that anything changed. */
  readonly recheckAfterMs: number | undefined;
  /** A failure that may pass: to be thrown once the status is written. */
  readonly retry: unknown;
}

/** What {@link reconcileChildren} works with. */
export interface ChildrenContext {
  readonly client: RestClient;
  readonly applier: Applier;
  readonly configKeeper: ConfigKeeper;
  readonly stores: ChildStores;
  readonly discovery: Pick<KindDiscovery, 'serves'>;
  /** Kinds that whoever installed the operator switched off. */
  readonly disabled: ReadonlySet<ResourceType>;
  /** Where the operator runs; undefined outside a cluster. */
  readonly operatorNamespace: string | undefined;
  readonly relayImage: string;
  readonly runbookBaseUrl: string;
  readonly version: string;
  readonly gate: UpgradeGate;
  /** The status as it was last written. */
  readonly status: RelayProxyStatus;
  /** Names of the ConfigMaps from which pods have their configuration. */
  readonly usedConfigMaps: ReadonlySet<string>;
  /** The configurations of pods, as far as they are known. */
  readonly podDocuments: readonly PodDocument[];
  /** What scaling on connections came to; undefined without it. */
  readonly scaled: ScalingDecision | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes every child what the spec asks for and deletes those that it no longer asks for. A child that cannot be
 * written does not keep the others from being written, but for the configuration: pods are not made for one that is not
 * there, so that without it the Deployment stays what it is. Throws only when the API server cannot be reached, or
 * may not be written to any more.
 */
export async function reconcileChildren(relayProxy: RelayProxy, context: ChildrenContext): Promise<ChildrenResult> {
  if (relayProxy.spec.paused) return pausedResult;
  const run = newRun();
  const ref = { ...identityOf(relayProxy), name: relayName(relayProxy) };
  const deployment = context.stores.deployment.get(ref);
  const service = context.stores.of(types.service).get({ ...ref, name: serviceName(relayProxy) });
  const current = currentConfigMap(relayProxy, context);
  const { revisionHistoryLimit: limit } = relayProxy.spec.rollout;
  const plain: Facts = {
    relayImage: context.relayImage,
    runbookBaseUrl: context.runbookBaseUrl,
    version: context.version,
    servicePortName: portNameOf(service),
    configHistory: configHistory({ live: deployment, current, used: context.usedConfigMaps, limit }),
    operatorNamespace: context.operatorNamespace,
    replicas: await settleReplicas(context.client, {
      plan: planOf(relayProxy),
      live: deployment,
      scaled: context.scaled?.replicas,
      signal: context.signal,
    }),
  };
  const desired = buildDeployment(relayProxy, plain);
  const admission = context.gate.admit({ relayProxy, status: context.status, live: deployment, desired });
  const upgrade = admission.kind === 'wait' ? admission : undefined;
  const isRolling = isRollingTo(deployment, desired);
  const before = isRolling ? podsOfBefore(context, ref) : undefined;
  const facts: Facts = { ...plain, before, ...(admission.kind === 'go' && { upgradeMark: admission.mark }) };
  const wanted = childKinds.map((kind): WantedChild => ({ kind, desired: kind.build(relayProxy, facts) }));
  await keepConfigurations(relayProxy, deployment, upgrade === undefined ? current : undefined, context, run);
  for (const wave of waves) {
    const children = wanted.filter(({ kind }) => {
      if (wave !== waveOf(kind) || (upgrade && waitsForUpgrade.has(kind.type))) return false;
      return kind.type !== types.deployment || !run.configFailed;
    });
    await applyWave(relayProxy, children, context, run);
  }
  if (upgrade !== undefined || run.configFailed) await scaleWaiting(relayProxy, deployment, plain, context, run);
  const kept = [...context.usedConfigMaps, ...configMapsOf(deployment), ...(facts.configHistory ?? [])];
  for (const type of childTypes) {
    if (isRolling && ofPods.has(type)) continue;
    const keep = wanted.flatMap(({ kind, desired }) => (kind.type === type ? (desired?.metadata?.name ?? []) : []));
    try {
      await deleteUnwanted(relayProxy, type, type === types.configMap ? [...keep, ...kept] : keep, context, run);
    } catch (error) {
      noteFailure(relayProxy, run, error);
    }
  }
  const { desiredReplicas } = run;
  const from = deployment?.spec?.replicas;
  const scaled =
    from !== undefined && desiredReplicas !== undefined && from !== desiredReplicas
      ? { from, to: desiredReplicas, why: context.scaled && scalingReason(context.scaled) }
      : undefined;
  // The first is the one that conditions are named after: what shows elsewhere as well comes last.
  const [first, ...others] = run.problems.sort((a, b) => Number(a.observable ?? false) - Number(b.observable ?? false));
  return {
    outcome: first === undefined ? { kind: 'applied', upgrade } : { kind: 'failed', problems: [first, ...others] },
    changes: {
      ...{ created: run.created, updated: run.updated, deleted: run.deleted, scaled },
      // One that waits for its upgrade is not applied, and so stays paused.
      resumed: deployment?.spec?.paused === true && run.updated.includes(`Deployment ${ref.name}`),
    },
    configChanged: run.configChanged,
    recheckAfterMs: [first && LOOK_AGAIN_MS, upgrade?.recheckAfterMs, run.recheckAfterMs].reduce(earliest, undefined),
    retry: run.retry,
  };
}

/** Puts back what earlier pods mount, or those that wait for an upgrade; `applied` is seen to anyway. */
async function keepConfigurations(
  relayProxy: RelayProxy,
  live: Deployment | undefined,
  applied: string | undefined,
  { configKeeper, stores, usedConfigMaps, signal }: ChildrenContext,
  run: Run,
): Promise<void> {
  const mounted = mountedConfigMap(live?.spec?.template.spec);
  const names = [...usedConfigMaps, ...(mounted === undefined ? [] : [mounted])].filter((name) => name !== applied);
  try {
    const restored = await configKeeper.keep({ relayProxy, names, store: stores.of(types.configMap), signal });
    run.created.push(...restored.map((name) => `${types.configMap.kind} ${name}`));
  } catch (error) {
    noteFailure(relayProxy, run, error);
  }
}

/** Left as they are until the turn of the RelayProxy has come: a new release's configuration is for its own pods. */
const waitsForUpgrade: ReadonlySet<ResourceType> = new Set<ResourceType>([types.configMap, types.deployment]);

/** By these pods report and, in mode 'Daemon', agree: the earlier ones need theirs until they are replaced. */
const ofPods: ReadonlySet<ResourceType> = new Set<ResourceType>([types.serviceAccount, types.role, types.roleBinding]);

/** True while there may be pods of another template than the desired one. */
function isRollingTo(live: Deployment | undefined, desired: Deployment): boolean {
  if (live === undefined) return false;
  const [from, to] = [live, desired].map(({ metadata }) => metadata?.annotations?.[templateHashAnnotation]);
  return from !== to || !isComplete(live);
}

function podsOfBefore({ podDocuments, stores }: ChildrenContext, lease: ObjectRef): PodsOfBefore {
  return {
    sdkPorts: podDocuments.flatMap(({ sdkPort }) => sdkPort ?? []),
    opsPorts: podDocuments.flatMap(({ opsPort }) => opsPort ?? []),
    lease: stores.of(types.lease).get(lease) !== undefined,
  };
}

const pausedResult: ChildrenResult = {
  outcome: { kind: 'paused' },
  changes: { created: [], updated: [], deleted: [], scaled: undefined },
  configChanged: false,
  recheckAfterMs: undefined,
  retry: undefined,
};

/**
 * Children of one wave are applied at the same time: an API server that is slow to answer is waited for three times and
 * not nine. What pods need must be there before they start, and a Deployment before it is scaled. A Role must be seen before
 * it is bound, by caches of the API server that lag behind.
 */
const waves = [1, 2, 3] as const;

function waveOf({ type }: ChildKind): (typeof waves)[number] {
  if (type === types.horizontalPodAutoscaler || type === types.roleBinding) return 3;
  return type === types.deployment ? 2 : 1;
}

/** The number of pods does not wait for an upgrade: a fleet that is short of pods gets more of those that it has. */
async function scaleWaiting(
  relayProxy: RelayProxy,
  live: Deployment | undefined,
  { replicas }: Facts,
  { client, signal }: ChildrenContext,
  run: Run,
): Promise<void> {
  if (live === undefined || replicas === undefined || live.spec?.replicas === replicas) return;
  try {
    await setReplicas(client, live, replicas, signal);
    run.desiredReplicas = replicas;
  } catch (error) {
    noteFailure(relayProxy, run, error);
  }
}

/** What is collected while the children are gone through. */
interface Run {
  readonly created: string[];
  readonly updated: string[];
  readonly deleted: string[];
  readonly problems: ChildProblem[];
  configChanged: boolean;
  /** The configuration could not be written. */
  configFailed: boolean;
  desiredReplicas: number | undefined;
  /** ms; when a child that is contested is tried again. */
  recheckAfterMs: number | undefined;
  retry: unknown;
}

function newRun(): Run {
  return {
    created: [],
    updated: [],
    deleted: [],
    problems: [],
    configChanged: false,
    configFailed: false,
    desiredReplicas: undefined,
    recheckAfterMs: undefined,
    retry: undefined,
  };
}

/** A kind of child and what it should be; undefined when there should be none. */
interface WantedChild {
  readonly kind: ChildKind;
  readonly desired: KubernetesObject | undefined;
}

/** Makes the children of one wave what they should be. */
async function applyWave(
  relayProxy: RelayProxy,
  children: readonly WantedChild[],
  context: ChildrenContext,
  run: Run,
): Promise<void> {
  const runs = children.map(newRun);
  const results = await Promise.allSettled(
    children.map((child, index) => applyChild(relayProxy, child, context, runs[index] ?? run)),
  );
  for (const one of runs) {
    run.created.push(...one.created);
    run.updated.push(...one.updated);
    run.problems.push(...one.problems);
    run.recheckAfterMs = earliest(run.recheckAfterMs, one.recheckAfterMs);
    run.configChanged ||= one.configChanged;
    run.configFailed ||= one.configFailed;
    run.desiredReplicas ??= one.desiredReplicas;
  }
  for (const result of results) if (result.status === 'rejected') noteFailure(relayProxy, run, result.reason);
}

async function applyChild(
  relayProxy: RelayProxy,
  { kind, desired }: WantedChild,
  { applier, discovery, disabled, stores, signal }: ChildrenContext,
  run: Run,
): Promise<void> {
  if (desired === undefined) return;
  const { type } = kind;
  // Until it is written.
  run.configFailed = type === types.configMap;
  if (type === types.configMap) refuseTooLarge(desired as ConfigMap);
  if (disabled.has(type)) throw new KindDisabledError(kind);
  const notInstalled = () => {
    applier.drop(type, { ...identityOf(relayProxy), name: desired.metadata?.name ?? '' });
    return new KindNotInstalledError(kind);
  };
  if (kind.optional && discovery.serves(type) === false) throw notInstalled();
  const { change, contest } = await applier.apply({ relayProxy, type, desired, signal }).catch((error: unknown) => {
    throw kind.optional && isUnknownKind(error) ? notInstalled() : error;
  });
  run.configFailed = false;
  const { name = '' } = desired.metadata ?? {};
  const child = `${type.kind} ${name}`;
  if (contest !== undefined) {
    run.problems.push(contestProblem(type, name, contest));
    run.recheckAfterMs = earliest(run.recheckAfterMs, contest.recheckAfterMs);
  }
  if (change === 'created') run.created.push(child);
  if (change === 'updated') {
    run.updated.push(child);
    if (type === types.configMap) run.configChanged = true;
    if (type === types.deployment) run.desiredReplicas = replicasOf(desired);
  }
  if (type === types.deployment) {
    const { namespace } = identityOf(relayProxy);
    refuseDroppedImageVolume(relayProxy, stores.deployment.get({ namespace, name: relayName(relayProxy) }));
  }
}

async function deleteUnwanted(
  relayProxy: RelayProxy,
  type: ResourceType,
  keep: readonly string[],
  { client, applier, stores, signal }: ChildrenContext,
  run: Run,
): Promise<void> {
  const ownerUid = relayProxy.metadata.uid ?? '';
  const deleted = await pruneChildren(client, { type, store: stores.of(type), ownerUid, keep, signal });
  for (const name of deleted) applier.drop(type, { ...identityOf(relayProxy), name });
  run.deleted.push(...deleted.map((name) => `${type.kind} ${name}`));
}

function replicasOf(deployment: KubernetesObject & { spec?: { replicas?: number } }): number | undefined {
  return deployment.spec?.replicas;
}

/** Notes what the API server, or we, refused; throws what is no refusal. */
function noteFailure(relayProxy: RelayProxy, run: Run, error: unknown): void {
  const problem = problemOf(error, relayProxy);
  if (problem === undefined) throw error;
  run.problems.push(problem);
  if (!isFinal(error)) run.retry ??= error;
}

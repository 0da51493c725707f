import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import type { KindDiscovery } from '../../runtime/kind-discovery.ts';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import { buildDeployment } from '../resources/deployment.ts';
import type { Facts } from '../resources/facts.ts';
import { type Deployment, types } from '../resources/kubernetes-types.ts';
import { identityOf, relayName } from '../resources/names.ts';
import type { ScalingDecision } from '../scaling/decide.ts';
import { scalingReason } from '../scaling/explain.ts';
import { planOf } from '../sizing/plan.ts';
import type { ChildChanges } from '../status/events.ts';
import type { ChildProblem, Outcome } from '../status/snapshot.ts';
import { earliest } from '../status/times.ts';
import type { UpgradeGate } from '../upgrade/gate.ts';
import type { Applier } from './apply.ts';
import { type ChildKind, type ChildStores, childKinds, childTypes } from './children.ts';
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
  /** What scaling on connections came to; undefined without it. */
  readonly scaled: ScalingDecision | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes every child what the spec asks for and deletes those that it no longer asks for. A child that cannot be
 * written does not keep the others from being written. Throws only when the API server cannot be reached, or
 * may not be written to any more.
 */
export async function reconcileChildren(relayProxy: RelayProxy, context: ChildrenContext): Promise<ChildrenResult> {
  if (relayProxy.spec.paused) return pausedResult;
  const run = newRun();
  const ref = { ...identityOf(relayProxy), name: relayName(relayProxy) };
  const deployment = context.stores.deployment.get(ref);
  const plain: Facts = {
    relayImage: context.relayImage,
    runbookBaseUrl: context.runbookBaseUrl,
    version: context.version,
    operatorNamespace: context.operatorNamespace,
    resume: deployment?.spec?.paused === true,
    replicas: await settleReplicas(context.client, {
      plan: planOf(relayProxy),
      live: deployment,
      scaled: context.scaled?.replicas,
      signal: context.signal,
    }),
  };
  const admission = context.gate.admit({
    relayProxy,
    status: context.status,
    live: deployment,
    desired: buildDeployment(relayProxy, plain),
  });
  const upgrade = admission.kind === 'wait' ? admission : undefined;
  const facts: Facts = admission.kind === 'go' ? { ...plain, upgradeMark: admission.mark } : plain;
  const wanted = childKinds.map((kind): WantedChild => ({ kind, desired: kind.build(relayProxy, facts) }));
  for (const wave of waves) {
    const children = wanted.filter(({ kind }) => wave === waveOf(kind) && !(upgrade && waitsForUpgrade.has(kind.type)));
    await applyWave(relayProxy, children, context, run);
  }
  if (upgrade !== undefined) await scaleWaiting(relayProxy, deployment, plain, context, run);
  for (const type of childTypes) {
    const keep = wanted.flatMap(({ kind, desired }) => (kind.type === type ? (desired?.metadata?.name ?? []) : []));
    try {
      await deleteUnwanted(relayProxy, type, keep, context, run);
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
  const [first, ...others] = run.problems;
  return {
    outcome: first === undefined ? { kind: 'applied', upgrade } : { kind: 'failed', problems: [first, ...others] },
    changes: {
      ...{ created: run.created, updated: run.updated, deleted: run.deleted, scaled },
      // One that waits for its upgrade is not applied, and so stays paused.
      resumed: facts.resume === true && run.updated.includes(`Deployment ${ref.name}`),
    },
    configChanged: run.configChanged,
    recheckAfterMs: earliest(first === undefined ? undefined : LOOK_AGAIN_MS, upgrade?.recheckAfterMs),
    retry: run.retry,
  };
}

/** Left as they are until the turn of the RelayProxy has come: a new release's configuration is for its own pods. */
const waitsForUpgrade: ReadonlySet<ResourceType> = new Set<ResourceType>([types.configMap, types.deployment]);

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
  desiredReplicas: number | undefined;
  retry: unknown;
}

function newRun(): Run {
  return {
    created: [],
    updated: [],
    deleted: [],
    problems: [],
    configChanged: false,
    desiredReplicas: undefined,
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
    run.configChanged ||= one.configChanged;
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
  if (disabled.has(type)) throw new KindDisabledError(kind);
  if (kind.optional && discovery.serves(type) === false) throw new KindNotInstalledError(kind);
  const result = await applier.apply({ relayProxy, type, desired, signal }).catch((error: unknown) => {
    throw kind.optional && isUnknownKind(error) ? new KindNotInstalledError(kind) : error;
  });
  const child = `${type.kind} ${desired.metadata?.name}`;
  if (result === 'created') run.created.push(child);
  if (result === 'updated') {
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
  { client, stores, signal }: ChildrenContext,
  run: Run,
): Promise<void> {
  const ownerUid = relayProxy.metadata.uid ?? '';
  const deleted = await pruneChildren(client, { type, store: stores.of(type), ownerUid, keep, signal });
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

import type { RestClient } from '../../runtime/rest-types.ts';
import { type Deployment, types } from '../resources/kubernetes-types.ts';
import { fieldManager, handOverManager } from '../resources/names.ts';
import type { Plan } from '../sizing/plan.ts';

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:replicas'?: object } };
}

/** Who is to say how many replicas there are. */
export interface ReplicasRequest {
  readonly plan: Plan;
  readonly live: Deployment | undefined;
  /** What scaling on connections came to; undefined without it. */
  readonly scaled: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Answers the replicas to apply, or undefined where a HorizontalPodAutoscaler sets them. To one that was just asked for
 * they are handed over: a field that its only manager leaves out is reset, which would stop all pods but one; so another
 * manager takes it first. Throws what the client throws.
 */
export async function settleReplicas(
  client: RestClient,
  { plan, live, scaled, signal }: ReplicasRequest,
): Promise<number | undefined> {
  const { scaling, replicas } = plan;
  if (scaling === undefined) return replicas;
  if (scaling.by === 'connections') return scaled ?? scaling.min;
  if (live === undefined) return scaling.min;
  if (ownsReplicas(live)) await handOver(client, live, scaling.min, signal);
  return undefined;
}

/**
 * Has the other manager hold the number that is in force: the newest one, as the cache may lag behind the autoscaler. It is
 * raised to the floor, because an autoscaler leaves a Deployment of no pods alone.
 */
async function handOver(client: RestClient, cached: Deployment, floor: number, signal: AbortSignal): Promise<void> {
  const { name = '', namespace } = cached.metadata ?? {};
  const live = await client.get(types.deployment, { name, namespace }, { signal });
  if (!ownsReplicas(live)) return;
  const replicas = Math.max(floor, live.spec?.replicas ?? 1);
  const held = { metadata: { name, ...(namespace && { namespace }) }, spec: { replicas } };
  await client.apply(types.deployment, held as Deployment, { fieldManager: handOverManager, force: true, signal });
}

/**
 * Sets the number of pods of a Deployment that is otherwise left as it is. By the same manager that holds the number in a hand-over:
 * the next apply of the whole Deployment takes it back. Throws what the client throws.
 */
export async function setReplicas(
  client: RestClient,
  { metadata }: Deployment,
  replicas: number,
  signal: AbortSignal,
): Promise<void> {
  const ref = { name: metadata?.name ?? '', namespace: metadata?.namespace };
  const options = { fieldManager: handOverManager, signal };
  await client.patch(types.deployment, ref, { type: 'merge', body: { spec: { replicas } } }, options);
}

/** True when the operator's own apply holds `spec.replicas`. */
function ownsReplicas(deployment: Deployment): boolean {
  const managed = (deployment.metadata?.managedFields ?? []) as readonly ManagedFields[];
  return managed.some(
    (entry) =>
      entry.manager === fieldManager &&
      entry.operation === 'Apply' &&
      entry.fieldsV1?.['f:spec']?.['f:replicas'] !== undefined,
  );
}

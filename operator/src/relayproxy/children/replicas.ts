import type { RelayProxy } from '@flagrelay/crds';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Facts } from '../resources/facts.ts';
import { type Deployment, types } from '../resources/kubernetes-types.ts';
import { fieldManager } from '../resources/names.ts';

/** Holds `spec.replicas` between the operator, which gives it up, and the autoscaler, which takes it at its next change. */
const handOverManager = `${fieldManager}-replicas`;

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:replicas'?: object } };
}

/**
 * Says who sets the Deployment's replicas, and hands them over to an autoscaler when one was just asked for: a field
 * that its only manager leaves out is reset, which would stop all pods but one; so another manager takes it first.
 * Throws what the client throws.
 */
export async function settleReplicas(
  client: RestClient,
  relayProxy: RelayProxy,
  live: Deployment | undefined,
  signal: AbortSignal,
): Promise<Facts['replicas']> {
  if (relayProxy.spec.autoscaling === undefined) return 'spec';
  if (live === undefined) return 'initial';
  if (ownsReplicas(live)) await handOver(client, live, signal);
  return 'autoscaler';
}

/** Has the other manager hold the number that is in force: the newest one, as the cache may lag behind the autoscaler. */
async function handOver(client: RestClient, cached: Deployment, signal: AbortSignal): Promise<void> {
  const { name = '', namespace } = cached.metadata ?? {};
  const live = await client.get(types.deployment, { name, namespace }, { signal });
  if (!ownsReplicas(live)) return;
  const held = { metadata: { name, ...(namespace && { namespace }) }, spec: { replicas: live.spec?.replicas ?? 1 } };
  await client.apply(types.deployment, held as Deployment, { fieldManager: handOverManager, force: true, signal });
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

import type { KubernetesObject } from '../../runtime/objects.ts';

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:replicas'?: object } };
}

/** A Deployment whose managedFields say who set the replicas and nothing else; whole they are larger than the object. */
export function slimDeployment(deployment: KubernetesObject): KubernetesObject {
  const { managedFields = [], ...metadata } = deployment.metadata ?? {};
  return { ...deployment, metadata: { ...metadata, managedFields: managedFields.flatMap(ownerOfReplicas) } };
}

function ownerOfReplicas(entry: unknown): ManagedFields[] {
  const { manager, operation, subresource, fieldsV1 } = entry as ManagedFields;
  if (fieldsV1?.['f:spec']?.['f:replicas'] === undefined) return [];
  return [
    {
      ...(manager && { manager }),
      ...(operation && { operation }),
      ...(subresource && { subresource }),
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    },
  ];
}

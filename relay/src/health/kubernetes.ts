import { createApiServer, type PodVariables, podVariable, type ServiceAccountFiles } from '../kubernetes/api-server.ts';
import type { InstanceIdentity, ReportItem } from './report-item.ts';

/** What needs the cluster here, for error messages. */
const PURPOSE = 'report';

/** Applies the pod's item of `status.instances`. */
export interface StatusClient {
  /** @throws ApiError for a refusal, TransportError when there is no usable answer */
  apply(item: ReportItem & { readonly lastReportTime: string }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads who and where the pod is from `POD_NAME`, `POD_NAMESPACE`, `POD_UID` and `POD_ZONE`.
 * @throws StartupError when the name or the namespace is missing
 */
export function podIdentity(env: PodVariables, version: string, relayProxy: string): InstanceIdentity {
  return {
    name: podVariable(env, 'POD_NAME', PURPOSE),
    namespace: podVariable(env, 'POD_NAMESPACE', PURPOSE),
    uid: env.POD_UID ?? '',
    zone: env.POD_ZONE ?? '',
    version,
    relayProxy,
  };
}

/**
 * A client for the status of the RelayProxy of a pod, with the pod's service account.
 * @throws StartupError outside of a cluster
 */
export function createStatusClient(
  identity: InstanceIdentity,
  env: PodVariables,
  account?: ServiceAccountFiles,
): StatusClient {
  const { relayProxy } = identity;
  const server = createApiServer(env, PURPOSE, account);
  const object = [identity.namespace, 'relayproxies', relayProxy].map(encodeURIComponent).join('/');
  const query = new URLSearchParams({ fieldManager: `flagrelay/${identity.name}`, force: 'true' });
  const path = `/apis/flagrelay.dev/v1alpha1/namespaces/${object}/status?${query}`;
  return {
    apply: async (item) => {
      const body = {
        apiVersion: 'flagrelay.dev/v1alpha1',
        kind: 'RelayProxy',
        metadata: { name: relayProxy },
        status: { instances: [item] },
      };
      const answer = await server.request({ method: 'PATCH', path, body, contentType: 'application/apply-patch+yaml' });
      await answer.dump();
    },
    close: () => server.close(),
  };
}

import { ApiError, isNotFound, TransportError } from '@flagrelay/kube/api-error';
import { createApiServer, type PodVariables, type ServiceAccountFiles } from '../kubernetes/api-server.ts';
import type { FleetStatus } from './peers.ts';

/** Reads the status of the pod's RelayProxy. */
export interface PeerStatusClient {
  /**
   * The status as it is now; empty when there is no such RelayProxy.
   * @throws ApiError for a refusal, TransportError when there is no usable answer
   */
  read(timeoutMs: number): Promise<FleetStatus>;
  /** Ends what is in progress. */
  close(): Promise<void>;
}

/**
 * A client with the pod's service account, whose Role lets it get that one object.
 * @throws StartupError outside of a cluster
 */
export function createPeerStatusClient(
  namespace: string,
  relayProxy: string,
  env: PodVariables,
  account?: ServiceAccountFiles,
): PeerStatusClient {
  const server = createApiServer(env, 'report', account);
  const object = [namespace, 'relayproxies', relayProxy].map(encodeURIComponent).join('/');
  const path = `/apis/flagrelay.dev/v1alpha1/namespaces/${object}/status`;
  return {
    read: async (timeoutMs) => {
      try {
        const body = await server.request({ method: 'GET', path, timeoutMs });
        return ((await body.json()) as { status?: FleetStatus } | null)?.status ?? {};
      } catch (error) {
        if (isNotFound(error)) return {};
        if (error instanceof ApiError || error instanceof TransportError) throw error;
        throw new TransportError('protocol', `GET ${path}`, `the answer cannot be read: ${String(error)}`, error);
      }
    },
    close: () => server.close(),
  };
}

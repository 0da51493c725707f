import type { RestClient } from '@flagrelay/operator/runtime';
import {
  createLogger,
  createRestClient,
  createRuntimeMetrics,
  type Logger,
  PooledKubeConfig,
  type RuntimeMetrics,
} from '@flagrelay/operator/runtime';
import { Registry } from 'prom-client';

/** A client for what a measurement does itself, with what informers over it need. */
export interface LabClient {
  readonly client: RestClient;
  readonly kubeConfig: PooledKubeConfig;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
  close(): Promise<void>;
}

/** Opens a client for a kubeconfig file; its owner closes it. */
export function openLabClient(kubeconfig: string): LabClient {
  const kubeConfig = new PooledKubeConfig();
  kubeConfig.loadFromFile(kubeconfig);
  const logger = createLogger({ level: 'error' });
  const metrics = createRuntimeMetrics(new Registry());
  const client = createRestClient({ kubeConfig, fieldManager: 'flagrelay-lab', logger, metrics });
  return { client, kubeConfig, logger, metrics, close: () => kubeConfig.close() };
}

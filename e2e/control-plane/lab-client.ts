import { Registry } from 'prom-client';
import { PooledKubeConfig } from '../../operator/src/runtime/kube-config.ts';
import { createLogger, type Logger } from '../../operator/src/runtime/logger.ts';
import { createRuntimeMetrics, type RuntimeMetrics } from '../../operator/src/runtime/metrics.ts';
import { createRestClient } from '../../operator/src/runtime/rest.ts';
import type { RestClient } from '../../operator/src/runtime/rest-types.ts';

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

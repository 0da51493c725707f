import { Registry } from 'prom-client';
import type { LogFields, Logger } from '../logger.ts';
import { createRuntimeMetrics, type RuntimeMetrics } from '../metrics.ts';
import type { KubernetesObject, ResourceType } from '../objects.ts';

/** A ConfigMap as tests use it. */
export interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}

/** The ConfigMap kind. */
export const configMaps: ResourceType<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

/** Metrics in a registry of their own. */
export function testMetrics(): RuntimeMetrics {
  return createRuntimeMetrics(new Registry());
}

/** A logger that keeps its lines. */
export function recordingLogger(): Logger & { lines: { level: string; message: string; fields: LogFields }[] } {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const make = (bound: LogFields): Logger => {
    const log = (level: string) => (message: string, fields?: LogFields) => {
      lines.push({ level, message, fields: { ...bound, ...fields } });
    };
    return {
      error: log('error'),
      warn: log('warn'),
      info: log('info'),
      debug: log('debug'),
      child: (fields) => make({ ...bound, ...fields }),
    };
  };
  return { ...make({}), lines };
}

/** A ConfigMap `ns/name` at a version. */
export function configMap(key: string, resourceVersion: string, data?: Record<string, string>): ConfigMap {
  const [namespace = '', name = ''] = key.split('/');
  const metadata = { namespace, name, resourceVersion, uid: `uid-${key}` };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...(data && { data }) };
}

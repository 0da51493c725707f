import type { RelayProxy } from '@flagrelay/crds';
import type { V1Container, V1EnvVar, V1PodSecurityContext, V1Probe } from '@kubernetes/client-node';
import { planOf } from '../sizing/plan.ts';
import type { Facts } from './facts.ts';
import { documentFile, folders } from './paths.ts';
import { opsPortName, sdkPortName } from './ports.ts';
import type { MountedVolume } from './volumes.ts';

/** User and group of the image. */
const RELAY_USER = 65_532;
/** Ports below this need a privilege, or the (safe) sysctl that lifts the limit. */
const UNPRIVILEGED_PORTS = 1024;

/** The relay's container. */
export function relayContainer(relayProxy: RelayProxy, facts: Facts, volumes: readonly MountedVolume[]): V1Container {
  const { spec } = relayProxy;
  const port = (name: string, containerPort: number) => ({ name, containerPort, protocol: 'TCP' });
  const ports = [
    ...(spec.mode === 'Daemon' ? [] : [port(sdkPortName, spec.service.port)]),
    ...(spec.metrics.enabled ? [port(opsPortName, spec.metrics.port)] : []),
  ];
  return {
    name: 'relay',
    image: imageOf(relayProxy, facts),
    imagePullPolicy: spec.imagePullPolicy,
    args: ['--config', `${folders.config}/${documentFile}`],
    env: environmentVariables(relayProxy),
    ...(ports.length > 0 && { ports }),
    ...probes(spec.metrics.port),
    resources: structuredClone(planOf(relayProxy).resources) as NonNullable<V1Container['resources']>,
    // What the relay says last when it ends with an error is told in the conditions.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: volumes.map(({ mount }) => mount),
  };
}

/** The image that the pods run. */
export function imageOf({ spec }: RelayProxy, facts: Facts): string {
  return spec.image ?? facts.relayImage;
}

/** What the "restricted" Pod Security Standard asks of a pod. */
export function podSecurity({ spec }: RelayProxy): V1PodSecurityContext {
  const lowest = spec.mode === 'Daemon' ? spec.metrics.port : Math.min(spec.service.port, spec.metrics.port);
  return {
    runAsNonRoot: true,
    runAsUser: RELAY_USER,
    runAsGroup: RELAY_USER,
    fsGroup: RELAY_USER,
    seccompProfile: { type: 'RuntimeDefault' },
    ...(lowest < UNPRIVILEGED_PORTS && {
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
    }),
  };
}

/** What a pod must know of itself to report its status. The zone is empty where the cluster does not label pods with it. */
function environmentVariables({ spec }: RelayProxy): V1EnvVar[] {
  return [
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('POD_UID', 'metadata.uid'),
    field('NODE_NAME', 'spec.nodeName'),
    field('POD_ZONE', `metadata.labels['${spec.zones.topologyKey}']`),
  ];
}

function field(name: string, fieldPath: string): V1EnvVar {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}

/** Probes on the operations port: alive means that the process answers, ready that it has data to serve. */
function probes(port: number): Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', V1Probe> {
  const get = (path: string) => ({ httpGet: { path, port, scheme: 'HTTP' }, timeoutSeconds: 3 });
  return {
    startupProbe: { ...get('/livez'), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...get('/livez'), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...get('/readyz'), periodSeconds: 2, failureThreshold: 2 },
  };
}

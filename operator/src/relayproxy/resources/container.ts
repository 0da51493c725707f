import type { RelayProxy } from '@flagrelay/crds';
import type { V1Container, V1EnvVar, V1PodSecurityContext, V1Probe, V1VolumeMount } from '@kubernetes/client-node';
import { planOf } from '../sizing/plan.ts';
import type { Facts } from './facts.ts';
import { documentFile, folders } from './paths.ts';
import { opsPortName, sdkPortName } from './ports.ts';
import type { MountedVolume } from './volumes.ts';

/** Name of the relay's container. */
export const relayContainerName = 'relay';
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
  const { probes: tuned, containerSecurityContext } = spec.podTemplate;
  return {
    name: relayContainerName,
    image: imageOf(relayProxy, facts),
    imagePullPolicy: spec.imagePullPolicy,
    args: ['--config', `${folders.config}/${documentFile}`],
    env: [...ownVariables(relayProxy), ...userVariables(relayProxy)],
    ...(ports.length > 0 && { ports }),
    ...probes(spec.metrics.port, tuned),
    ...lifecycle(relayProxy),
    resources: structuredClone(planOf(relayProxy).resources) as NonNullable<V1Container['resources']>,
    // What the relay says last when it ends with an error is in the conditions.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: (containerSecurityContext as V1Container['securityContext']) ?? {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [...volumes.map(({ mount }) => mount), ...userMounts(relayProxy)],
  };
}

/** The image that the pods run. */
export function imageOf({ spec }: RelayProxy, facts: Pick<Facts, 'relayImage'>): string {
  return spec.image ?? facts.relayImage;
}

/** What the "restricted" Pod Security Standard asks of a pod, or what the user gives instead, with what the ports need. */
export function podSecurity({ spec }: RelayProxy): V1PodSecurityContext {
  const lowest = spec.mode === 'Daemon' ? spec.metrics.port : Math.min(spec.service.port, spec.metrics.port);
  const given = spec.podTemplate.securityContext as V1PodSecurityContext | undefined;
  return {
    ...(lowest < UNPRIVILEGED_PORTS && { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] }),
    ...(given ?? {
      runAsNonRoot: true,
      runAsUser: RELAY_USER,
      runAsGroup: RELAY_USER,
      fsGroup: RELAY_USER,
      seccompProfile: { type: 'RuntimeDefault' },
    }),
  };
}

/** Variables of the user; their names are not ours (a rule of the CRD). */
function userVariables({ spec }: RelayProxy): V1EnvVar[] {
  return (spec.podTemplate.env ?? []).map(({ name, value, valueFrom }) => ({
    name,
    ...(value !== undefined && { value }),
    ...(valueFrom && { valueFrom: structuredClone(valueFrom) as NonNullable<V1EnvVar['valueFrom']> }),
  }));
}

/** Mounts of the user's volumes; they are apart from ours (a rule of the CRD). */
function userMounts({ spec }: RelayProxy): V1VolumeMount[] {
  return (spec.podTemplate.volumeMounts ?? []).map(({ name, mountPath, subPath, readOnly }) => ({
    name,
    mountPath,
    ...(subPath && { subPath }),
    ...(readOnly && { readOnly }),
  }));
}

/** The end of a pod is handled in its process; before that it may have to wait for load balancers. */
function lifecycle({ spec }: RelayProxy): Pick<V1Container, 'lifecycle'> {
  const seconds = spec.podTemplate.preStopSleepSeconds;
  return seconds ? { lifecycle: { preStop: { sleep: { seconds } } } } : {};
}

/** What a pod must know of itself to report its status. The zone is empty where the cluster does not label pods with it. */
function ownVariables({ spec }: RelayProxy): V1EnvVar[] {
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

type Tuning = RelayProxy['spec']['podTemplate']['probes'];

/** Probes on the operations port: alive means that the process answers, ready that it has data to serve. */
function probes(
  port: number,
  { startup, liveness, readiness }: Tuning,
): Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', V1Probe> {
  const get = (path: string, { timeoutSeconds, periodSeconds, failureThreshold }: Tuning['startup']): V1Probe => ({
    httpGet: { path, port, scheme: 'HTTP' },
    timeoutSeconds,
    periodSeconds,
    failureThreshold,
  });
  return {
    startupProbe: get('/livez', startup),
    livenessProbe: get('/livez', liveness),
    readinessProbe: get('/readyz', readiness),
  };
}

import type { RelayProxy, RelayProxySpec } from '@flagrelay/crds';
import { type Fleet, fleetFor, type Load, MAX_PODS, MIN_PODS, podsLost, roomNeeded, type Spread } from './fleet.ts';
import { MAX_CONNECTIONS_PER_PROCESS } from './measured.ts';
import { chooseResources, leastNeeds, type Needs, needsOf, type Resources } from './resources.ts';

/** How the number of pods changes with the load. */
export type Scaling =
  | {
      /** By a HorizontalPodAutoscaler; targets in percent of requests. */
      readonly by: 'utilization';
      readonly min: number;
      readonly max: number;
      readonly cpu: number;
      readonly memory: number | undefined;
      readonly windowSeconds: number;
    }
  | {
      /** By the operator, from the streams that pods report. */
      readonly by: 'connections';
      readonly min: number;
      readonly max: number;
      /** Streams to hold on each pod. */
      readonly target: number;
      readonly windowSeconds: number;
    };

/** What becomes of `replicas`, `autoscaling`, `resources` and `capacity` of a spec: one place that says so. */
export interface Plan {
  /** Pods that there should be; the fewest of them with scaling. */
  readonly replicas: number;
  readonly scaling: Scaling | undefined;
  readonly resources: Required<Resources>;
  /** Undefined without `spec.capacity`. */
  readonly sizing: Sizing | undefined;
}

/** How the capacity was met. */
export interface Sizing {
  /** Streams that are expected. */
  readonly connections: number;
  /** Streams that one pod has room for. */
  readonly connectionsPerPod: number;
  readonly spread: Spread;
  /** What the capacity needs, whatever the spec says. */
  readonly needed: { readonly replicas: number; readonly maxReplicas: number; readonly resources: Needs };
}

/** The vendor's rule: room for twice the connections that are expected (operators.md 1). */
const ROOM_FACTOR = 2;
/** Environments of a relay whose spec does not list them (AutoConfig, archives). */
const ASSUMED_ENVIRONMENTS = 10;
const DEFAULT_CPU_TARGET = 70;
/** In mode 'Daemon' one pod is active; another stands by for it. */
const DAEMON_PODS = 2;

/** Decides replicas, scaling and resources. What the spec sets explicitly wins, field by field. */
export function planOf({ spec }: RelayProxy): Plan {
  const sizing = sizingOf(spec);
  const least = spec.mode === 'Daemon' ? DAEMON_PODS : MIN_PODS;
  const { replicas: needed = least, maxReplicas = MAX_PODS, resources = leastNeeds } = sizing?.needed ?? {};
  const scaling = scalingOf(spec.autoscaling, needed, maxReplicas);
  return {
    replicas: scaling?.min ?? spec.replicas ?? needed,
    scaling,
    resources: chooseResources(spec.resources, resources),
    sizing,
  };
}

/**
 * With a fixed number of pods all of it is there from the start. With autoscaling the fewest pods carry what is expected,
 * also while a zone is lost, and the most carry twice of that.
 */
function sizingOf(spec: RelayProxySpec): Sizing | undefined {
  if (spec.capacity === undefined) return undefined;
  const { workers } = spec;
  const connections = spec.capacity.concurrentConnections;
  const spread = {
    zones: spec.zones.minZones,
    maxSkew: spec.zones.maxSkew,
    mostPerPod: MAX_CONNECTIONS_PER_PROCESS * workers,
  };
  const most = ROOM_FACTOR * connections;
  const target = spec.autoscaling?.targetConnectionsPerReplica;
  const fixed = fleetFor({ all: most, reduced: connections }, spread);
  const few = fleetFor({ all: connections, reduced: connections }, spread);
  const many = fleetFor({ all: most, reduced: most }, spread);
  const full = spec.autoscaling === undefined ? fixed : many;
  const connectionsPerPod = Math.max(
    roomOf(full, spec, { all: most, reduced: connections }, spread),
    2 * (target ?? 0),
  );
  return {
    connections,
    connectionsPerPod,
    spread,
    needed: {
      replicas: spec.autoscaling === undefined ? fixed.pods : few.pods,
      maxReplicas: Math.min(MAX_PODS, Math.max(full.pods, target === undefined ? 0 : Math.ceil(most / target))),
      resources: needsOf(connectionsPerPod, spec.environments?.length ?? ASSUMED_ENVIRONMENTS, processesOf(workers)),
    },
  };
}

/** Beside several workers there is the process that feeds them. */
function processesOf(workers: number): number {
  return workers === 1 ? 1 : workers + 1;
}

/** Room of a pod: that of the fleet or, where the user wants fewer pods, what each of those will have to bear. */
function roomOf(fleet: Fleet, { autoscaling, replicas }: RelayProxySpec, load: Load, spread: Spread): number {
  if (autoscaling !== undefined || replicas === undefined || replicas === 0) return fleet.connectionsPerPod;
  const left = replicas - podsLost(replicas, spread);
  return Math.max(fleet.connectionsPerPod, left > 0 ? roomNeeded(replicas, load, spread) : load.all);
}

function scalingOf(given: RelayProxySpec['autoscaling'], min: number, max: number): Scaling | undefined {
  if (given === undefined) return undefined;
  const bounds = {
    min: given.minReplicas ?? Math.min(min, given.maxReplicas ?? min),
    max: given.maxReplicas ?? Math.max(max, given.minReplicas ?? max),
    windowSeconds: given.scaleDownStabilizationSeconds,
  };
  const target = given.targetConnectionsPerReplica;
  if (target !== undefined) return { by: 'connections', target, ...bounds };
  const { targetCPUUtilizationPercentage: cpu = DEFAULT_CPU_TARGET, targetMemoryUtilizationPercentage: memory } = given;
  return { by: 'utilization', cpu, memory, ...bounds };
}

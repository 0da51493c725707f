import type { InstanceStatus, RelayProxySpecManifest } from '@flagrelay/crds';
import type { PodFacts } from '../pods/pod-facts.ts';
import type { DeploymentFacts, Snapshot } from '../status/snapshot.ts';
import { testRelayProxy } from './test-relay-proxy.ts';

/** The moment of test snapshots, ms. */
export const NOW = Date.parse('2026-11-21T10:00:00Z');

/** RFC 3339 time some seconds before {@link NOW}. */
export const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString().replace('.000', '');

const quiet = { readySince: undefined, createdAt: undefined, address: undefined };

/** A ready pod `pod-<zone>` in a zone. */
export function pod(zone: string, change: Partial<PodFacts> = {}): PodFacts {
  const name = `pod-${zone}`;
  return { name, uid: `uid-${name}`, ready: true, zone, terminating: false, waiting: undefined, ...quiet, ...change };
}

/** The report of such a pod in which all is well. */
export function report(zone: string, change: Partial<InstanceStatus> = {}): InstanceStatus {
  const { name, uid } = pod(zone);
  return {
    name,
    uid,
    zone,
    version: '1.2.3',
    ready: true,
    configHash: 'hash',
    connectedEnvironments: 1,
    totalEnvironments: 1,
    unhealthy: [],
    ...change,
  };
}

/** A Deployment whose rollout is complete. */
export const complete: DeploymentFacts = {
  desired: 3,
  replicas: 3,
  ready: 3,
  updated: 3,
  available: 3,
  observed: true,
  paused: false,
  deadlineExceeded: undefined,
  replicaFailure: undefined,
};

/** Three ready pods in three zones, all connected. */
export function healthy(change: Partial<Snapshot> = {}, spec: RelayProxySpecManifest = {}): Snapshot {
  return {
    now: NOW,
    relayProxy: testRelayProxy(spec),
    previous: {},
    outcome: { kind: 'applied' },
    deployment: complete,
    pods: [pod('a'), pod('b'), pod('c')],
    instances: [report('a'), report('b'), report('c')],
    missing: [],
    scaling: undefined,
    configHash: 'hash',
    image: 'relay:1.2.3',
    operatorVersion: '1.2.3',
    silent: [],
    ...change,
  };
}

import { join } from 'node:path';
import { programConfigMap, programPod } from '../clients/program-pod.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import type { StandInFlag, StandInOrder, StandInState } from './stand-in.ts';

/** A stand-in for LaunchDarkly in a namespace: one pod behind a Service. */
export interface StandIn {
  /** Address for `upstream.streamURI`, inside the namespace. */
  readonly url: string;
  /** Starts the pod and waits until it answers. It begins as it was given, not as it was told since. */
  start(): Promise<void>;
  /** Ends the pod; connections break and new ones are refused. */
  stop(): Promise<void>;
  /** Tells it other SDK keys, or a changed flag. */
  order(order: StandInOrder): Promise<void>;
}

/** Where the stand-in is, and on what it runs. */
export interface StandInOptions {
  readonly namespace: string;
  /** An image with Node in it: the relay's. */
  readonly image: string;
  readonly state: StandInState;
}

const NAME = 'launchdarkly';
const PORT = 8080;

/** Starts a stand-in; it goes with its namespace. */
export async function startStandIn(kubectl: Kubectl, { namespace, image, state }: StandInOptions): Promise<StandIn> {
  const labels = { app: NAME };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace },
    spec: { selector: labels, ports: [{ name: 'http', port: PORT, protocol: 'TCP' }] },
  };
  const env = [{ name: 'STAND_IN', value: JSON.stringify(state) }];
  const pod = programPod({ name: NAME, namespace, image, labels, env, port: PORT });
  const program = await programConfigMap(NAME, namespace, join(import.meta.dirname, 'stand-in.ts'));
  await kubectl.apply([service, program], { serverSide: true });
  const start = async () => {
    await kubectl.apply([pod]);
    await kubectl.run(['wait', '--for=condition=Ready', `pod/${NAME}`, '-n', namespace, '--timeout=60s'], {
      timeoutMs: 70_000,
    });
  };
  await start();
  return {
    url: `http://${NAME}:${PORT}`,
    start,
    stop: async () => {
      await kubectl.run(['delete', 'pod', NAME, '-n', namespace, '--grace-period=1', '--wait']);
    },
    order: async (order) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${NAME}:${PORT}/proxy/control`;
      await kubectl.run(['create', '--raw', path, '-f', '-'], { input: JSON.stringify(order) });
    },
  };
}

/** A boolean flag that is on or off for everybody. */
export function booleanFlag(key: string, version: number, on: boolean): StandInFlag {
  return {
    key,
    version,
    on,
    variations: [true, false],
    offVariation: 1,
    fallthrough: { variation: 0 },
    salt: key,
    rules: [],
    targets: [],
    prerequisites: [],
    clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true },
  };
}

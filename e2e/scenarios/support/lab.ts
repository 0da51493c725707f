import type { TestContext } from 'node:test';
import { type FaultProxy, startFaultProxy } from '@flagrelay/operator/testing/fault-proxy';
import { cluster } from '../../cluster/select.ts';
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from '../../control-plane/control-plane.ts';
import { ENVIRONMENTS } from '../../control-plane/fleet.ts';
import { type LabClient, openLabClient } from '../../control-plane/lab-client.ts';
import { buildOperator, type OperatorProcess, startOperator } from '../../control-plane/operator-process.ts';
import { startRelaySimulator } from '../../control-plane/relay-simulator.ts';
import { lastLines } from '../../machine/run.ts';
import { writeProxyKubeconfig } from './proxy-kubeconfig.ts';
import { condition } from './stage.ts';

/**
 * What a scenario of the operator alone plays on: a control plane of its own, so that its API server may be mistreated,
 * kwok's pods, and reports as relays write them. All of it ends with the test.
 */
export interface Lab {
  readonly plane: ControlPlane;
  readonly client: LabClient['client'];
  /** Starts the shipped operator as user `operator-INDEX`; `proxied` sends its requests through a proxy that can fail them. */
  operator(index: number): Promise<OperatorProcess>;
  proxied(index: number): Promise<{ operator: OperatorProcess; proxy: FaultProxy }>;
}

/** Why there is no lab where the cluster is not ours: its programs would have to be built for these scenarios alone. */
export async function otherCluster(): Promise<string | undefined> {
  const { kind } = await cluster();
  return kind === 'local'
    ? undefined
    : `runs on a control plane of its own, beside a local cluster and not one of kind "${kind}"`;
}

/** Opens a lab for a test. */
export async function openLab(t: TestContext, name: string, options: ControlPlaneOptions = {}): Promise<Lab> {
  await buildOperator();
  /** In the order in which they are to happen: what was opened last ends first. */
  const ends: (() => void | Promise<void>)[] = [];
  t.after(async () => {
    for (const end of ends) await end();
  });
  const plane = await openControlPlane(name, options);
  ends.unshift(plane.close);
  const lab = openLabClient(plane.kubeconfig);
  ends.unshift(lab.close);
  const simulator = startRelaySimulator(lab, ENVIRONMENTS);
  ends.unshift(simulator.stop);
  const start = async (index: number, kubeconfig: string) => {
    const operator = await startOperator({ name: `operator-${index}`, folder: plane.folder, kubeconfig });
    ends.unshift(() => {
      if (operator.ended() !== undefined) t.diagnostic(`the end of its log:\n${lastLines(operator.log(), 5)}`);
      else operator.signal('SIGKILL'); // a frozen process ends by nothing else
    });
    return operator;
  };
  return {
    plane,
    client: lab.client,
    operator: (index) => start(index, plane.operatorKubeconfig(index)),
    async proxied(index) {
      const upstream = openLabClient(plane.operatorKubeconfig(index));
      ends.unshift(upstream.close);
      const proxy = await startFaultProxy(upstream.kubeConfig);
      ends.unshift(proxy.close);
      return { operator: await start(index, writeProxyKubeconfig(plane.folder, index, proxy.url)), proxy };
    },
  };
}

/** Waits until a RelayProxy of a lab is Ready for its current generation, with this many ready replicas. */
export async function waitFleetReady(lab: Lab, name: string, namespace: string, replicas: number, timeoutMs = 120_000) {
  await lab.plane.kubectl.waitForObject(
    'relayproxy',
    name,
    namespace,
    `Ready with ${replicas} replicas`,
    (o) =>
      o.status?.observedGeneration === o.metadata.generation &&
      condition(o, 'Ready').startsWith('True') &&
      o.status?.readyReplicas === replicas,
    timeoutMs,
  );
}

import { after, before } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { openTestCluster, type TestCluster } from '../../runtime/testing/cluster.ts';
import { type RawRelayProxy, types } from '../resources/kubernetes-types.ts';
import { applyCrd, startOperator, type TestOperator } from './test-operator.ts';

/** What the tests of one file share: a namespace of their own on the cluster, and an operator that watches it. */
export interface OperatorSuite {
  readonly cluster: TestCluster;
  /** The one that runs; whoever stops it sets its successor. */
  operator: TestOperator;
  /** {@link TestOperator.until} of the one that runs. */
  readonly until: TestOperator['until'];
  /** An object of the namespace. */
  ref(name: string): { readonly name: string; readonly namespace: string };
  /** Applies a RelayProxy. Its image is on no node and is never pulled: where it has pods, they wait without noise. */
  apply(name: string, spec: RelayProxySpecManifest): Promise<void>;
}

/** Prepares the suite before the tests of the file that calls it, and takes it away after them. */
export function operatorSuite(): OperatorSuite {
  let cluster: TestCluster | undefined;
  let operator: TestOperator | undefined;
  before(async () => {
    cluster = await openTestCluster();
    await applyCrd(cluster.client);
    operator = await startOperator(cluster.client, cluster.namespace);
  });
  after(async () => {
    await operator?.stop();
    await cluster?.close();
  });
  const suite: OperatorSuite = {
    get cluster() {
      return there(cluster);
    },
    get operator() {
      return there(operator);
    },
    set operator(next) {
      operator = next;
    },
    until: (what, read) => there(operator).until(what, read),
    ref: (name) => ({ name, namespace: there(cluster).namespace }),
    async apply(name, spec) {
      const object = { metadata: suite.ref(name), spec: { image: 'none', imagePullPolicy: 'Never', ...spec } };
      await suite.cluster.client.apply(types.relayProxy, object as RawRelayProxy, {
        force: true,
        fieldManager: 'test',
      });
    },
  };
  return suite;
}

function there<T>(one: T | undefined): T {
  if (one === undefined) throw new Error('the suite is not prepared yet: use it in tests only');
  return one;
}

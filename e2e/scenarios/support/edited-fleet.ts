import assert from 'node:assert/strict';
import { type ClientPod, startClientPod } from '../../clients/client-pod.ts';
import type { KubeObject } from '../../cluster/kubectl.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { condition, type Stage, waitReady } from './stage.ts';

/** Key of the environment that clients use; it opens nothing else. */
const SDK_KEY = 'sdk-00000000-0000-4000-8000-00000edited';
/** Flag that it serves. */
export const editedFlag = 'new-checkout';
/** Name of the fleet that is edited, and of the one that it streams from. */
export const editedFleet = 'fleet';
const UPSTREAM = 'upstream';

/** Keys of the fleet; those of what it streams from are apart, so that they can be taken away. */
export const keysSecret = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData: {
    'sdk-key': SDK_KEY,
    'mobile-key': 'mob-00000000-0000-4000-8000-00000edited',
    'sdk-key-two': 'sdk-00000000-0000-4000-8000-000edited-2',
  },
});

/** Where the flag's data are, for `switchFlag`. */
export const editedData = { configMap: 'flags', file: 'flags.json' };

const data = {
  flags: {
    [editedFlag]: {
      key: editedFlag,
      version: 1,
      on: false,
      variations: [true, false],
      fallthrough: { variation: 0 },
      offVariation: 1,
      salt: editedFlag,
    },
  },
};

const relayProxy = (name: string, spec: object): object => ({
  apiVersion: 'flagrelay.dev/v1alpha1',
  kind: 'RelayProxy',
  metadata: { name },
  spec: { podTemplate: { terminationGracePeriodSeconds: 15 }, rollout: { minReadySeconds: 1 }, ...spec },
});

/** A fleet of three pods that streams from another one, with SDKs connected and requests in progress. */
export interface EditedFleet {
  /** Applies a JSON patch to the RelayProxy; answers its generation. */
  edit(operations: readonly object[]): Promise<number>;
  /**
   * Waits until the status of the newest generation fits; fails as soon as `Ready` is False. Answers it.
   * @param what for people
   */
  until(what: string, fits: (relay: KubeObject) => boolean, timeoutMs?: number): Promise<KubeObject>;
  /** Waits until every pod is of the newest template and all is well. */
  settled(): Promise<KubeObject>;
  /** Pods of the fleet that are not on their way out. */
  pods(): Promise<KubeObject[]>;
  /** The SDK; it asks over new connections as well. */
  readonly sdk: ClientPod;
  readonly streams: ClientPod;
  /** Asserts that no request failed and that no SDK was told 401; answers what was seen. */
  unharmed(): Promise<Readonly<Record<string, number>>>;
}

/** Starts fleet and clients and waits until the SDK has its flags. `spec` goes over that of the fleet. */
export async function openEditedFleet(stage: Stage, spec: object = {}): Promise<EditedFleet> {
  const { kubectl, namespace, relayImage: image } = stage;
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: editedData.configMap } };
  const file = { [editedData.file]: JSON.stringify(data) };
  await kubectl.apply([keysSecret('keys'), keysSecret('clients'), keysSecret(UPSTREAM), { ...configMap, data: file }], {
    namespace,
  });
  const configMapKeyRef = { name: editedData.configMap, key: editedData.file };
  const environment = (secret: string) => ({ name: 'production', sdkKeyRef: { name: secret, key: 'sdk-key' } });
  const another = { name: 'two', sdkKeyRef: { name: UPSTREAM, key: 'sdk-key-two' } };
  const fromFile = {
    replicas: 1,
    environments: [environment(UPSTREAM), another].map((item) => ({ ...item, data: { configMapKeyRef } })),
  };
  const upstream = { streamURI: `http://${UPSTREAM}:8030`, baseURI: `http://${UPSTREAM}:8030` };
  await kubectl.apply(
    [
      relayProxy(UPSTREAM, fromFile),
      relayProxy(editedFleet, { replicas: 3, environments: [environment('keys')], upstream, ...spec }),
    ],
    { namespace },
  );
  for (const name of [UPSTREAM, editedFleet]) await waitReady(stage, name);
  await kubectl.rolloutStatus(`${editedFleet}-relay`, namespace);
  const client = {
    namespace,
    image,
    relayUrl: `http://${editedFleet}:8030`,
    sdkKeyRef: { name: 'clients', key: 'sdk-key' },
  };
  // Only a request that gets no answer at all is sent again: that of a process that was killed.
  const [sdk, streams] = await Promise.all([
    startClientPod(kubectl, { ...client, name: 'sdk', requestsPerSecond: 20, env: { RETRY_SECONDS: '5' } }),
    startClientPod(kubectl, { ...client, name: 'streams', program: 'stream-client.ts', env: { STREAMS: '20' } }),
  ]);
  await sdk.waitFor('ready', 'SDK is initialised', () => true, 60_000);
  const all = async () => ((await streams.streams())?.open === 20 ? true : undefined);
  await waitFor('all streams are open', all, { timeoutMs: 30_000 });

  const until: EditedFleet['until'] = (what, fits, timeoutMs = 120_000) => {
    let failed: KubeObject | undefined;
    return kubectl
      .waitForObject(
        'relayproxy',
        editedFleet,
        namespace,
        what,
        (relay) => {
          if (condition(relay, 'Ready').startsWith('False')) failed = relay;
          const isNow = relay.status?.observedGeneration === relay.metadata.generation;
          return failed !== undefined || (isNow && fits(relay));
        },
        timeoutMs,
      )
      .then((relay) => {
        assert.equal(failed, undefined, `while waiting for ${what}: ${messageOf(relay, 'Ready')}`);
        return relay;
      });
  };
  return {
    sdk,
    streams,
    until,
    async edit(operations) {
      const patch = ['--type=json', '-p', JSON.stringify(operations), '-o', 'jsonpath={.metadata.generation}'];
      return Number(await kubectl.run(['patch', 'relayproxy', editedFleet, '-n', namespace, ...patch]));
    },
    settled: () =>
      until(
        'all pods are of the newest template',
        (relay) =>
          condition(relay, 'Progressing') === 'True/RolloutComplete' && condition(relay, 'Ready') === 'True/AllHealthy',
      ),
    async pods() {
      const found = await kubectl.list('pods', namespace, `app.kubernetes.io/instance=${editedFleet}`);
      return found.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    },
    async unharmed() {
      const [totals, opened] = [await sdk.loop(), await streams.streams()];
      if (totals === undefined || totals.errors.length > 0) {
        const found = await kubectl.list('pods', namespace, `app.kubernetes.io/instance=${editedFleet}`);
        const errors = totals?.errors.join('\n') ?? 'nothing was reported yet';
        assert.fail(`requests failed:\n${errors}\nthe pods now:\n${found.map(describePod).join('\n')}`);
      }
      assert.equal(opened?.unauthorized, 0);
      // What an SDK says when it is told 401: that it gives up, for as long as its process lives. Reports of the loop have numbers, such as 1401.
      const said = (await kubectl.logs('sdk', namespace)).split('\n').filter((line) => !line.startsWith('{'));
      assert.doesNotMatch(said.join('\n'), /401|giving up/);
      const { sent, failed, retried } = totals;
      return { sent, failed, retried, streamsOpened: opened?.opened ?? 0, streamsRefused: opened?.refused ?? 0 };
    },
  };
}

/** What of a pod may explain an answer: when it started, how often, and whether it is on its way. */
function describePod({ metadata, status }: KubeObject): string {
  const { name, deletionTimestamp } = metadata;
  const [container] = status?.containerStatuses ?? [];
  const started = container?.state?.running?.startedAt;
  return [
    `${name} ${status?.podIP} since ${status?.startTime}`,
    ...(started === undefined ? [] : [`started ${started}`]),
    `${container?.ready === true ? 'ready' : 'not ready'}, ${container?.restartCount ?? 0} restarts`,
    ...(deletionTimestamp === undefined ? [] : [`ends by ${deletionTimestamp}`]),
  ].join(', ');
}

/** The message of a condition. */
export function messageOf(relay: KubeObject, type: string): string {
  const found = (relay.status?.conditions ?? []).find((item: { type: string }) => item.type === type);
  return found?.message ?? '';
}

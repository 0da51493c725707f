import { join } from 'node:path';
import type { Kubectl } from '../cluster/kubectl.ts';
import { waitFor } from '../machine/wait-for.ts';
import { programConfigMap, programPod } from './program-pod.ts';
import type { ClientReport as SdkReport } from './sdk-client.ts';
import type { StreamReport } from './stream-client.ts';

/** A line that a client pod prints. */
export type ClientReport = SdkReport | StreamReport;

/** A pod with the official server SDK, or another client, in it. */
export interface ClientPod {
  readonly name: string;
  /** Everything it has reported so far. */
  reports(): Promise<ClientReport[]>;
  /** Waits for the first report (past ones included) of a kind that fits. */
  waitFor<E extends ClientReport['event']>(
    event: E,
    what: string,
    fits: (report: Extract<ClientReport, { event: E }>) => boolean,
    timeoutMs: number,
  ): Promise<Extract<ClientReport, { event: E }>>;
  /** Totals of its request loop as last reported. */
  loop(): Promise<Extract<ClientReport, { event: 'loop' }> | undefined>;
  /** What `stream-client.ts` last reported of its streams. */
  streams(): Promise<StreamReport | undefined>;
  remove(): Promise<void>;
}

/** What the client shall do. */
export interface ClientPodOptions {
  readonly name: string;
  readonly namespace: string;
  /** File in this folder that the pod runs: `sdk-client.ts` unless given. */
  readonly program?: string;
  /** Address of the relay's Service as a pod sees it, for a program that connects to one. */
  readonly relayUrl?: string;
  /** Where the SDK key is. */
  readonly sdkKeyRef: { readonly name: string; readonly key: string };
  /** An image with Node in it: the relay's. */
  readonly image: string;
  /** Requests a second through the Service; none by default. */
  readonly requestsPerSecond?: number;
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node that it runs on; by default any. */
  readonly node?: string;
}

/** Label of client pods; a drain leaves them where they are by it. */
export const clientLabel = 'flagrelay.dev/e2e-client';

/** Starts a client pod. The program is bundled here and comes as a ConfigMap; the relay's image brings the Node that runs it. */
export async function startClientPod(kubectl: Kubectl, options: ClientPodOptions): Promise<ClientPod> {
  const { name, namespace, program = 'sdk-client.ts' } = options;
  const bundled = await programConfigMap(name, namespace, join(import.meta.dirname, program));
  await kubectl.apply([bundled], { serverSide: true });
  await kubectl.remove('pod', name, namespace);
  await kubectl.apply([podManifest(options)]);
  const reports = async () => parseReports(await kubectl.logs(name, namespace));
  return {
    name,
    reports,
    waitFor: async <E extends ClientReport['event']>(
      event: E,
      what: string,
      fits: (report: Extract<ClientReport, { event: E }>) => boolean,
      timeoutMs: number,
    ) => {
      type Wanted = Extract<ClientReport, { event: E }>;
      const find = async () => (await reports()).find((r): r is Wanted => r.event === event && fits(r as Wanted));
      return waitFor(`client ${name}: ${what}`, find, { timeoutMs, intervalMs: 300 });
    },
    loop: async () =>
      (await reports()).findLast((r): r is Extract<ClientReport, { event: 'loop' }> => r.event === 'loop'),
    streams: async () => (await reports()).findLast((r): r is StreamReport => r.event === 'streams'),
    remove: async () => {
      await kubectl.run(['delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--grace-period=3']);
      await kubectl.remove('configmap', `${name}-program`, namespace);
    },
  };
}

function podManifest({ relayUrl = '', requestsPerSecond = 0, env = {}, ...options }: ClientPodOptions): object {
  const { name, sdkKeyRef } = options;
  return programPod({
    ...options,
    labels: { [clientLabel]: name },
    env: [
      { name: 'RELAY_URL', value: relayUrl },
      { name: 'SDK_KEY', valueFrom: { secretKeyRef: sdkKeyRef } },
      { name: 'REQUESTS_PER_SECOND', value: String(requestsPerSecond) },
      ...Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
    ],
  });
}

/** The JSON lines of a client's log; anything else in it is passed over. */
export function parseReports(log: string): ClientReport[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{"event":'))
    .map((line) => JSON.parse(line) as ClientReport);
}

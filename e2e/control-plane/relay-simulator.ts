import { isNotFound } from '@flagrelay/kube/api-error';
import { type Pod, types } from '@flagrelay/operator/kinds';
import { instanceLabel, managedSelector } from '@flagrelay/operator/names';
import type { KubernetesObject } from '@flagrelay/operator/runtime';
import { createInformer } from '@flagrelay/operator/runtime';
import { reportItem, time } from '@flagrelay/relay/report-item';
import type { LabClient } from './lab-client.ts';
import { zoneOf } from './stages.ts';

/** Stands for the relays of all pods: kwok's run nothing. */
export interface RelaySimulator {
  /** Reports written so far. */
  readonly reports: number;
  /** Reports that failed; each is tried again. */
  readonly failures: number;
  /** Has every relay of a RelayProxy, given as namespace/name, report this many open streams. */
  setConnections(relayProxy: string, connections: number): void;
  stop(): Promise<void>;
}

/** Reports in progress at a time. */
const CONCURRENCY = 8;
/** Least pause before a failed report is tried again, ms; up to twice as long, at random. */
const RETRY_MS = 500;

/**
 * Reports for each Ready pod what its relay would: its own item of `status.instances`, by server-side apply under the
 * manager `flagrelay/POD`, once when it is Ready and then only when something changed.
 *
 * @param environments how many environments each RelayProxy has; all are connected
 */
export function startRelaySimulator({ client, logger, metrics }: LabClient, environments: number): RelaySimulator {
  const stop = new AbortController();
  const informer = createInformer<Pod>({
    client,
    type: types.pod,
    labelSelector: managedSelector,
    transform: ({ metadata = {}, spec, status }) => ({
      metadata,
      spec: { containers: [], ...(spec?.nodeName && { nodeName: spec.nodeName }) },
      status: { ...(status?.conditions && { conditions: status.conditions }) },
    }),
    logger,
    metrics,
  });
  const connections = new Map<string, number>();
  const reported = new Set<string>();
  const waiting: Pod[] = [];
  const busy = new Set<Promise<void>>();
  let reports = 0;
  let failures = 0;

  informer.onChange(({ type, object }) => {
    const uid = object.metadata?.uid ?? '';
    if (type === 'deleted') reported.delete(uid);
    else if (isReady(object) && !reported.has(uid)) enqueue(object);
  });

  function enqueue(pod: Pod): void {
    reported.add(pod.metadata?.uid ?? '');
    waiting.push(pod);
    next();
  }

  function next(): void {
    while (busy.size < CONCURRENCY && !stop.signal.aborted) {
      const pod = waiting.shift();
      if (pod === undefined) return;
      const work = report(pod).finally(() => {
        busy.delete(work);
        next();
      });
      busy.add(work);
    }
  }

  async function report(pod: Pod): Promise<void> {
    try {
      await client.apply(types.relayProxy, statusOf(pod), {
        subresource: 'status',
        fieldManager: `flagrelay/${pod.metadata?.name}`,
        force: true,
        signal: stop.signal,
      });
      reports += 1;
    } catch (error) {
      if (stop.signal.aborted || isNotFound(error)) return;
      failures += 1;
      setTimeout(
        () => {
          waiting.push(pod);
          next();
        },
        RETRY_MS * (1 + Math.random()),
      ).unref();
    }
  }

  function statusOf(pod: Pod): KubernetesObject {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const owner = relayProxyOf(pod);
    const identity = {
      name,
      namespace,
      uid,
      zone: zoneOf(pod.spec?.nodeName ?? ''),
      version: '0.1.0',
      relayProxy: owner,
    };
    const state = { state: 'VALID', since: 0 } as const;
    const item = reportItem(identity, {
      ready: true,
      connections: connections.get(`${namespace}/${owner}`) ?? 0,
      connectedEnvironments: environments,
      environments: Array.from({ length: environments }, (_, index) => ({ name: `environment-${index}`, ...state })),
    });
    const status = { instances: [{ ...item, lastReportTime: time(Date.now()) }] };
    return { metadata: { name: owner, namespace }, status } as KubernetesObject;
  }

  const running = informer.run(stop.signal);
  return {
    get reports() {
      return reports;
    },
    get failures() {
      return failures;
    },
    setConnections(relayProxy, count) {
      connections.set(relayProxy, count);
      for (const pod of informer.store.list(relayProxy.split('/')[0])) {
        if (relayProxyOf(pod) === relayProxy.split('/')[1] && isReady(pod)) enqueue(pod);
      }
    },
    async stop() {
      stop.abort();
      await running;
      await Promise.all(busy);
    },
  };
}

function relayProxyOf(pod: Pod): string {
  return pod.metadata?.labels?.[instanceLabel] ?? '';
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

import { type Clock, systemClock } from '@flagrelay/kube/clock';
import { createElector, type ElectionNews, type Elector } from '@flagrelay/kube/elector';
import type { Lease } from '@flagrelay/kube/lease';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { ResourceType } from './objects.ts';
import type { RestClient } from './rest-types.ts';

/** The Lease kind. */
export const leases: ResourceType<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** Options of leader election; times in ms. */
export interface LeaderElectorOptions {
  /** Not fenced by this elector: it has to renew. */
  readonly client: Pick<RestClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unique to this process, for example the pod name and a random suffix. */
  readonly identity: string;
  /** Others take the lease when it was not renewed for this long. Default 15 000. */
  readonly leaseDurationMs?: number | undefined;
  /** We stop acting when we could not renew for this long. Default 10 000. */
  readonly renewDeadlineMs?: number | undefined;
  /** Between attempts. Default 2 000; while waiting for the lease up to 1.2 times more, at random. */
  readonly retryPeriodMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}

/** client-go's jitter. */
const JITTER = 1.2;

/**
 * Leader election of operators: {@link createElector} over the REST client, with client-go's times, log lines and metrics. The Lease is
 * made where there is none. Call `run` once: a process that lost ends.
 * @throws RangeError when the times do not fit: lease > renew > retry x 1.2.
 */
export function createLeaderElector(options: LeaderElectorOptions): Elector {
  const { client, namespace, name, identity, metrics, clock = systemClock, random } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  const logger = options.logger.child({ lease: `${namespace}/${name}`, identity });
  const ref = { namespace, name };
  const named = (lease: Lease): Lease => {
    const metadata = { ...lease.metadata, ...ref };
    if ('managedFields' in metadata) delete metadata.managedFields;
    return { ...lease, metadata };
  };
  metrics.leader.status.set({ name }, 0);
  return createElector({
    transport: {
      read: (call) => client.get(leases, ref, call),
      create: (lease, call) => client.create(leases, named(lease), call),
      replace: (lease, call) => client.replace(leases, named(lease), call),
    },
    identity,
    timing: {
      leaseMs: leaseDurationMs,
      deadlineMs: renewDeadlineMs,
      periodMs: retryPeriodMs,
      standbyJitter: JITTER,
      renewalJitter: 0,
    },
    changed: (state) => metrics.leader.status.set({ name }, state.name === 'leading' ? 1 : 0),
    news: (news) => {
      if (news.kind === 'cannot-renew' && news.refused) metrics.leader.slowpath.inc({ name });
      write(logger, news);
    },
    clock,
    random,
  });
}

function write(logger: Logger, news: ElectionNews): void {
  switch (news.kind) {
    case 'leads':
      logger.info('Leads');
      break;
    case 'waits':
      logger.debug('Another process leads', { holder: news.holder });
      break;
    case 'cannot-take':
      logger.warn('Could not take the lease, is retried', { error: news.error });
      break;
    case 'cannot-renew':
      logger.warn('Could not renew the lease, is retried', {
        error: news.error,
        remainingMs: news.remainingMs,
      });
      break;
    case 'lost':
      logger.error('Leadership lost', { why: news.why });
      break;
    case 'released':
      logger.info('Lease released');
      break;
    case 'cannot-release':
      logger.warn('Could not release the lease, it runs out by itself', { error: news.error });
      break;
  }
}

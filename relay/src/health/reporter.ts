import { isDeepStrictEqual } from 'node:util';
import { ApiError, statusOf } from '@flagrelay/kube/api-error';
import { delayAfter } from '@flagrelay/kube/backoff';
import type { RelayConfig } from '../config/document.ts';
import { jobSoon, jobTimer } from '../jobs/jobs.ts';
import type { ServiceAccountFiles } from '../kubernetes/api-server.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createStatusClient, podIdentity } from './kubernetes.ts';
import { type InstanceFacts, type ReportItem, type ReportProblem, reportItem, time } from './report-item.ts';

/** Keeps this pod's item of `status.instances` of its RelayProxy up to date. */
export interface Reporter {
  /** Something may have changed; cheap, call it as often as you like. */
  changed(): void;
  /** The item as it would be reported now, with why it is not where it does not get there. */
  item(): ReportItem;
  /** Stops reporting and frees the connection. */
  close(): Promise<void>;
}

/** Dependencies of {@link createReporter}. */
export interface ReporterOptions {
  readonly config: NonNullable<RelayConfig['report']>;
  /** The program's version. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the pod knows of itself now. */
  readonly facts: () => InstanceFacts;
  readonly logger: Logger;
  /** Where the pod's service account is; kubelet's folder unless given. */
  readonly account?: ServiceAccountFiles;
  readonly timing?: Partial<ReporterTiming>;
}

/** All in ms. */
export interface ReporterTiming {
  /** Changes are gathered for this long. */
  readonly debounceMs: number;
  /** While nothing but the number of connections changes, reports are at least this far apart. */
  readonly connectionsMs: number;
  /** First wait after a failure; doubles up to `maxRetryMs`, less up to half at random. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
}

const TIMING: ReporterTiming = { debounceMs: 1_000, connectionsMs: 10_000, retryMs: 1_000, maxRetryMs: 60_000 };

/**
 * Reports the pod's health into the cluster by server-side apply under the field manager `flagrelay/<pod>`: only when
 * something changed, gathered for a second, one request at a time, retried with a capped and jittered wait. Nothing is
 * queued: a report always says what is true when it is sent. Call `changed()` once to send the first one.
 * @throws StartupError when the pod's variables are missing
 */
export function createReporter(options: ReporterOptions): Reporter {
  const { config, env, logger } = options;
  const timing = { ...TIMING, ...options.timing };
  const identity = podIdentity(env, options.version, config.relayProxy);
  const client = createStatusClient(identity, env, options.account);
  let reported: ReportItem | undefined;
  let reportedAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let lastProblem: number | undefined;
  /** Gathers changes. */
  const looking = jobTimer('status-report', () => look());
  /** For what may wait: a retry, or a change of the connections alone. */
  const later = jobTimer('status-report', () => start());
  let sending: Promise<void> | undefined;
  let closed = false;

  const start = (): void => {
    looking.cancel();
    later.cancel();
    sending = send().finally(() => {
      sending = undefined;
    });
  };

  const look = (): void => {
    if (closed || sending !== undefined || failures > 0) return;
    const item = reportItem(identity, options.facts(), reported);
    if (isDeepStrictEqual(item, reported)) return;
    const onlyConnections =
      reported !== undefined && isDeepStrictEqual({ ...item, connections: 0 }, { ...reported, connections: 0 });
    const wait = onlyConnections ? reportedAt + timing.connectionsMs - performance.now() : 0;
    if (wait <= 0) start();
    else later.arm(wait);
  };

  // Every stream that opens or closes calls this: nothing is computed before the debounce is over.
  const changed = (): void => {
    // A failed report waits for its retry, and a running one looks for changes when it is done.
    if (closed || sending !== undefined || failures > 0) return;
    looking.arm(timing.debounceMs);
  };

  const send = async (): Promise<void> => {
    const item = reportItem(identity, options.facts(), reported);
    if (isDeepStrictEqual(item, reported)) {
      failures = 0;
      return;
    }
    try {
      await client.apply({ ...item, lastReportTime: time(Date.now()) });
    } catch (error) {
      if (!closed) retry(error);
      return;
    }
    reported = item;
    reportedAt = performance.now();
    if (failures > 0) logger.info('health is reported to the cluster again', { relayProxy: config.relayProxy });
    failures = 0;
    lastProblem = undefined;
    // `changed` was deaf while this ran.
    jobSoon('status-report', changed);
  };

  const retry = (error: unknown): void => {
    const status = statusOf(error);
    const wait = delayAfter(failures, { baseMs: timing.retryMs, maxMs: timing.maxRetryMs });
    failures += 1;
    if (status !== lastProblem) {
      lastProblem = status;
      logger.warn(explain(status, config.relayProxy, identity.namespace), {
        status,
        error: error instanceof Error ? error.message : String(error),
      });
    }
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const pause = Math.max(wait, Math.min(asked, timing.maxRetryMs));
    later.cancel();
    later.arm(pause);
  };

  return {
    changed,
    item: () => ({
      ...reportItem(identity, options.facts()),
      ...(failures > 0 && lastProblem !== undefined ? { reportProblem: problemOf(lastProblem) } : {}),
    }),
    close: async () => {
      closed = true;
      looking.cancel();
      later.cancel();
      await client.close();
      await sending;
    },
  };
}

/** One word for what an HTTP status says of a report; 0: there was none. */
function problemOf(status: number): ReportProblem {
  const words: Readonly<Record<number, ReportProblem>> = {
    ...{ 0: 'Unreachable', 401: 'TokenRefused', 403: 'Forbidden', 404: 'NotFound', 422: 'Invalid' },
  };
  return words[status] ?? 'Failed';
}

/** What an operator of the relay should look at. */
function explain(status: number, relayProxy: string, namespace: string): string {
  const target = `the status of RelayProxy ${namespace}/${relayProxy}`;
  switch (status) {
    case 404:
      return `health is not reported: there is no RelayProxy ${namespace}/${relayProxy}, or the CRD is not installed`;
    case 403:
      return `health is not reported: the pod's service account may not patch ${target}`;
    case 401:
      return 'health is not reported: the API server does not accept the token of the service account; it is read again for each attempt, so that this ends when kubelet renews it (an hour at most after the account was created again) or the pod is replaced';
    case 422:
      return `health is not reported: the API server finds the report invalid for ${target}; CRD and relay may differ in version`;
    default:
      return `health is not reported: cannot patch ${target}`;
  }
}

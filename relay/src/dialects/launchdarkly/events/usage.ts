import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { compress } from '../../../encoding/shared-body.ts';
import { jobEvery } from '../../../jobs/jobs.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { USER_AGENT, VERSION } from '../../../version.ts';
import { joinUrl } from './endpoint.ts';
import { createEventSender } from './sender.ts';

/** An environment as its usage is reported. */
export interface UsageEnvironment {
  readonly id: string;
  readonly sdkKey: string | undefined;
}

/** One kind of client. */
export interface UsageClient {
  readonly userAgent: string;
  readonly platformCategory: string;
}

/** Counts what clients do and tells LaunchDarkly about it. */
export interface UsageReporter {
  polled(environmentId: string, client: UsageClient): void;
  opened(environmentId: string, client: UsageClient): void;
  closed(environmentId: string, client: UsageClient): void;
  close(): Promise<void>;
}

/** Dependencies of {@link createUsageReporter}. */
export interface UsageOptions {
  readonly eventsUri: string;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  /** The environments that there are now. */
  readonly environments: () => readonly UsageEnvironment[];
  readonly intervalMs?: number;
}

/** Contract 5.2. */
const INTERVAL_MS = 60_000;
const CURRENT_SCHEMA = '4';
/** An environment's kinds of client; user agents are bounded before they come here, and this bounds their products. */
const MAX_CLIENTS = 1000;

interface Counts {
  readonly client: UsageClient;
  current: number;
  /** Since the start: ld-relay's is cumulative as well. */
  opened: number;
  /** Since the last report. */
  polls: number;
}

interface Usage {
  readonly clients: Map<string, Counts>;
  introduced: boolean;
  changed: boolean;
  since: number;
}

/**
 * Tells the events service what ld-relay tells it (contract 5.2): a `diagnostic-init` event for each environment, and
 * `relayMetrics` once a minute if anything happened. Only for those who ask for it: nothing is sent unless
 * `upstream.diagnostics` is on.
 */
export function createUsageReporter(options: UsageOptions): UsageReporter {
  const { eventsUri, environments, logger } = options;
  const sender = createEventSender(options.dispatcher, logger);
  const relayId = randomUUID();
  const ending = new AbortController();
  const usages = new Map<string, Usage>();
  let sending: Promise<void> = Promise.resolve();

  const usageOf = (id: string): Usage => {
    let usage = usages.get(id);
    if (usage === undefined) {
      usage = { clients: new Map(), introduced: false, changed: false, since: Date.now() };
      usages.set(id, usage);
    }
    return usage;
  };
  const count = (id: string, client: UsageClient, change: (counts: Counts) => void): void => {
    const usage = usageOf(id);
    const key = JSON.stringify([client.platformCategory, client.userAgent]);
    let counts = usage.clients.get(key);
    if (counts === undefined) {
      if (usage.clients.size >= MAX_CLIENTS) return;
      counts = { client, current: 0, opened: 0, polls: 0 };
      usage.clients.set(key, counts);
    }
    change(counts);
    usage.changed = true;
  };

  const post = async (path: string, sdkKey: string, event: object, list: boolean): Promise<void> => {
    const headers: Record<string, string> = { authorization: sdkKey, 'user-agent': USER_AGENT };
    if (list) {
      headers['x-launchdarkly-event-schema'] = CURRENT_SCHEMA;
      headers['x-launchdarkly-payload-id'] = randomUUID();
    }
    const gzip = await compress(JSON.stringify(list ? [event] : event));
    const { outcome } = await sender.send({ url: joinUrl(eventsUri, path), headers, gzip }, ending.signal);
    if (outcome !== 'accepted') logger.debug('the usage of the relay could not be reported', { reason: outcome });
  };

  const report = async (): Promise<void> => {
    const present = environments();
    const ids = new Set(present.map(({ id }) => id));
    for (const id of usages.keys()) if (!ids.has(id)) usages.delete(id);
    for (const { id, sdkKey } of present) {
      if (sdkKey === undefined || ending.signal.aborted) continue;
      const usage = usageOf(id);
      if (!usage.introduced) {
        usage.introduced = true;
        await post('/diagnostic', sdkKey, introduction(relayId, sdkKey), false);
      }
      const event = relayMetrics(relayId, usage);
      if (event !== undefined) await post('/bulk', sdkKey, event, true);
    }
  };

  const timer = jobEvery('usage', options.intervalMs ?? INTERVAL_MS, () => {
    sending = sending.then(report).catch((error: unknown) => {
      logger.warn('the usage of the relay could not be reported', { error: String(error) });
    });
  });

  return {
    polled: (id, client) => count(id, client, (counts) => void counts.polls++),
    opened: (id, client) =>
      count(id, client, (counts) => {
        counts.current += 1;
        counts.opened += 1;
      }),
    closed: (id, client) => count(id, client, (counts) => void counts.current--),
    close: async () => {
      clearInterval(timer);
      ending.abort();
      await sending;
    },
  };
}

function introduction(relayId: string, sdkKey: string): object {
  return {
    kind: 'diagnostic-init',
    creationDate: Date.now(),
    id: { diagnosticId: relayId, sdkKeySuffix: sdkKey.slice(-6) },
    sdk: { name: 'flagrelay', version: VERSION },
    configuration: {},
    platform: { name: 'Node', nodeVersion: process.versions.node, osArch: process.arch, osName: process.platform },
  };
}

/** The event, and the next period begins; undefined when nothing happened. */
function relayMetrics(relayId: string, usage: Usage): object | undefined {
  const startDate = usage.since;
  usage.since = Date.now();
  if (!usage.changed) return undefined;
  usage.changed = false;
  const all = [...usage.clients.values()];
  const event = {
    kind: 'relayMetrics',
    relayId,
    startDate,
    endDate: usage.since,
    connections: all.filter(({ opened }) => opened > 0).map(({ client, current }) => ({ ...client, current })),
    newConnections: all.filter(({ opened }) => opened > 0).map(({ client, opened }) => ({ ...client, count: opened })),
    pollingCounts: all.filter(({ polls }) => polls > 0).map(({ client, polls }) => ({ ...client, count: polls })),
  };
  for (const counts of all) counts.polls = 0;
  return event;
}

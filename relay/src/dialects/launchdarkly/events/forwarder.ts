import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../../config/document.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { createDiagnosticsProxy, type DiagnosticPost } from './diagnostics.ts';
import { createEndpoint } from './endpoint.ts';
import { createLane, type Lane } from './lane.ts';
import type { EventMemory } from './memory.ts';
import { createEventSender } from './sender.ts';
import type { Acceptance, EventBatch, EventEnvironment, EventFamily, EventMetrics } from './types.ts';

/** Takes one environment's events and forwards them. */
export interface EventForwarder {
  /**
   * Takes a batch: what was taken is sent, or counted as lost; anything else is the client's still. Rejects only on a mistake.
   * @throws {JsonBoundsError} at once, when the batch has too many values
   */
  accept(batch: EventBatch): Acceptance | Promise<Acceptance>;
  /** Passes one diagnostic event on at once; false when too many are on their way. Never throws. */
  diagnostic(post: DiagnosticPost): boolean;
  /** How long a client that was turned away should wait, in s. */
  retryAfterS(family: EventFamily): number;
  /** Sends what is queued now, and from now on at least each second. */
  hurry(): void;
  /** Sends what is queued, for at most so many ms, and ends. */
  close(ms?: number): Promise<void>;
}

/** Dependencies of a forwarder. */
export interface EventForwarderDeps {
  readonly config: Pick<RelayConfig['events'], 'flushMs' | 'capacity'> &
    Partial<Pick<RelayConfig['events'], 'maxBatchValues'>>;
  readonly eventsUri: string;
  readonly environment: EventEnvironment;
  readonly dispatcher: Dispatcher;
  /** Shared by all environments. */
  readonly memory: EventMemory;
  readonly metrics: EventMetrics;
  readonly logger: Logger;
  /** Of the first pause after a refusal, after a failure, and between two tries, and how long answers wait and events are tried, in ms; for tests. */
  readonly pauseMs?: number;
  readonly failedMs?: number;
  readonly retryMs?: number;
  readonly waitMs?: number;
  readonly maxAgeMs?: number;
}

const CLOSE_MS = 2_500;
const HURRY_MS = 1_000;

/** Makes a forwarder (contract 5.3). It holds timers only while something waits. */
export function createEventForwarder(deps: EventForwarderDeps): EventForwarder {
  const { config, environment, memory, metrics, logger } = deps;
  const sender = createEventSender(deps.dispatcher, logger, deps.retryMs);
  const diagnostics = createDiagnosticsProxy(deps.eventsUri, {
    sender,
    share: memory.queued.share(),
    metrics,
    logger,
  });
  const ending = new AbortController();
  let closing: Promise<void> | undefined;

  const lane = (family: EventFamily): Lane =>
    createLane({
      ...config,
      endpoint: createEndpoint(family, { ...deps, sender }),
      environment,
      memory,
      metrics,
      logger: logger.child({ endpoint: family }),
      signal: ending.signal,
      ...(deps.waitMs === undefined ? {} : { waitMs: deps.waitMs }),
    });
  const lanes: Record<EventFamily, Lane> = { server: lane('server'), mobile: lane('mobile'), browser: lane('browser') };
  const all = Object.values(lanes);

  const closeAll = async (ms: number): Promise<void> => {
    const deadline = setTimeout(() => ending.abort(), ms);
    await Promise.all(all.map((one) => one.close(ending)));
    clearTimeout(deadline);
    ending.abort();
  };

  return {
    accept: (batch) => lanes[batch.metadata.family].accept(batch),
    diagnostic: (post) => closing === undefined && diagnostics.pass(post, ending.signal),
    retryAfterS: (family) => lanes[family].retryAfterS(),
    hurry: () => {
      for (const one of all) one.hurry(HURRY_MS);
    },
    close: (ms = CLOSE_MS) => {
      closing ??= closeAll(ms);
      return closing;
    },
  };
}

import { delayAfter } from '@flagrelay/kube/backoff';
import { AggregatorRegistry, type MetricObject } from 'prom-client';
import type { RelayConfig } from '../../config/document.ts';
import { applyChanges, type Definition, type DefinitionSink } from '../../environment/definition.ts';
import { StartupError } from '../../errors.ts';
import { jobAfterThen } from '../../jobs/jobs.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { mergeFacts } from './merge-facts.ts';
import type { FromPrimary, WorkerFacts } from './messages.ts';
import type { SharedSources } from './shared-sources.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** First wait before a worker that ended by itself is started again, in ms; doubles up to the other one, less up to half at random. */
const RESTART_MS = 200;
const MAX_RESTART_MS = 30_000;
/** A worker that ran for this long had started well, in ms. */
const STEADY_MS = 60_000;
/** A worker listens after this time, or the relay cannot start, in ms. */
const START_MS = 60_000;

/** Dependencies of {@link createCrew}. */
export interface CrewOptions {
  readonly config: RelayConfig;
  readonly count: number;
  readonly sources: SharedSources;
  readonly logger: Logger;
  /** How the pod does may have changed. */
  readonly changed: () => void;
  /** A worker cannot go on, and another one could not either. */
  readonly fatal: (error: StartupError) => void;
  /** A worker ended by itself and is started again. */
  readonly restarted: () => void;
}

/** The workers of this pod, and the sink of environments that feeds them. */
export interface Crew extends DefinitionSink {
  /** Starts all workers; resolves with the port that they share. @throws {StartupError} */
  start(): Promise<number>;
  /** How the pod does, by what its workers said last. */
  facts(): WorkerFacts;
  /** Workers that listen. */
  readonly listening: number;
  /** The metrics of all workers and `own` as one, in Prometheus' text format. */
  metrics(own: readonly MetricObject[]): Promise<string>;
  /** Has all workers end their streams gracefully; resolves when all have. */
  drain(): Promise<void>;
  /** Ends all workers; resolves when they are gone. */
  close(): Promise<void>;
}

/** The place of a worker; its process may be another one after a crash. */
interface Seat {
  readonly lead: boolean;
  worker: WorkerProcess | undefined;
  listening: boolean;
  startedAt: number;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

/** Makes a crew; no process runs until `start`. */
export function createCrew({ config, count, sources, logger, changed, fatal, restarted }: CrewOptions): Crew {
  const seats = Array.from({ length: count }, (_, index) => newSeat(index === 0));
  const definitions = new Map<string, Definition>();
  let refused: ReadonlyMap<string, string> = new Map();
  let listed = false;
  let port = config.server.port;
  let started = false;
  let closing = false;

  const listeners = (): WorkerProcess[] =>
    seats.flatMap(({ listening, worker }) => (listening && worker !== undefined ? [worker] : []));
  const broadcast = (message: FromPrimary): void => {
    for (const worker of listeners()) worker.send(message);
  };

  /** Starts a worker; resolves when it listens, and rejects when it cannot. */
  const occupy = (seat: Seat): Promise<void> => {
    const start = Promise.withResolvers<void>();
    const late = setTimeout(
      () => start.reject(new StartupError(`a worker does not listen after ${START_MS} ms`)),
      START_MS,
    );
    seat.timer = undefined;
    seat.startedAt = performance.now();
    const worker = startWorkerProcess({ config, port, lead: seat.lead }, sources, {
      listening(actual) {
        port = actual;
        seat.listening = true;
        if (refused.size > 0) worker.send({ type: 'refused', entries: refused });
        if (listed) worker.send({ type: 'definitions', definitions: [...definitions.values()] });
        start.resolve();
      },
      facts: changed,
      noticed(id) {
        for (const other of listeners()) if (other !== worker) other.send({ type: 'noticed', id });
      },
      fatal(message) {
        const error = new StartupError(message);
        start.reject(error);
        if (started) fatal(error);
      },
      exited(how) {
        start.reject(new StartupError(`a worker ended while it started: ${how}`));
        seat.listening = false;
        seat.worker = undefined;
        if (started && !closing) replaceLater(seat, how);
        changed();
      },
    });
    seat.worker = worker;
    return start.promise.finally(() => clearTimeout(late));
  };

  const replaceLater = (seat: Seat, how: string): void => {
    seat.failures = performance.now() - seat.startedAt > STEADY_MS ? 0 : seat.failures + 1;
    const waitMs = Math.round(delayAfter(seat.failures, { baseMs: RESTART_MS, maxMs: MAX_RESTART_MS }));
    logger.error('a worker ended and is started again', { how, waitMs });
    restarted();
    const start = (): Promise<void> =>
      occupy(seat).catch((error: Error) => logger.error('a worker does not start', { error: error.message }));
    const timer = jobAfterThen('worker-restart', waitMs, start, () => {
      // No process came of it that could end and be replaced.
      const isEmpty = seat.timer === timer || (seat.timer === undefined && seat.worker === undefined);
      if (isEmpty && !closing) replaceLater(seat, 'it could not be started');
    });
    seat.timer = timer;
  };

  const leave = (): void => {
    closing = true;
    for (const seat of seats) clearTimeout(seat.timer);
  };

  return {
    async start() {
      const [first, ...others] = seats;
      // The first one finds the port where any would do.
      if (first !== undefined) await occupy(first);
      await Promise.all(others.map(occupy));
      started = true;
      return port;
    },
    replace(list) {
      listed = true;
      definitions.clear();
      for (const definition of list) definitions.set(definition.id, definition);
      broadcast({ type: 'definitions', definitions: list });
    },
    change(changes) {
      applyChanges(definitions, changes);
      broadcast({ type: 'changes', changes });
    },
    refused(entries) {
      refused = entries;
      broadcast({ type: 'refused', entries });
    },
    facts: () => mergeFacts(seats.map(({ worker }) => worker?.facts)),
    get listening() {
      return listeners().length;
    },
    async metrics(own) {
      const all = await Promise.all(listeners().map((worker) => worker.metrics()));
      const parts = [own, ...all].filter((part) => part !== undefined).map((part) => [...part]);
      return AggregatorRegistry.aggregate(parts).metrics();
    },
    async drain() {
      leave();
      await Promise.all(listeners().map((worker) => worker.drain()));
    },
    async close() {
      leave();
      await Promise.all(seats.map(({ worker }) => worker?.close()));
    },
  };
}

function newSeat(lead: boolean): Seat {
  return { lead, worker: undefined, listening: false, startedAt: 0, failures: 0, timer: undefined };
}

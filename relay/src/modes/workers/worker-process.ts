import { type ChildProcess, fork } from 'node:child_process';
import type { MetricObject } from 'prom-client';
import type { SourceSink } from '../../environment/source.ts';
import { runJob } from '../../jobs/jobs.ts';
import { containerBytes } from '../../memory/limit.ts';
import { workerNode } from './heap.ts';
import type { FromPrimary, FromWorker, WorkerFacts, WorkerStart } from './messages.ts';
import { WORKER_VARIABLE } from './role.ts';
import type { SharedSources, Subscription } from './shared-sources.ts';

/** A worker that has not applied a change after this time hangs and is ended, in ms. */
const APPLY_MS = 60_000;
/** A worker that is told to close is ended after this time, in ms. */
const CLOSE_MS = 5_000;
/** Metrics that take longer are left out, in ms. */
const METRICS_MS = 5_000;

/** What a worker process tells its owner. */
export interface WorkerEvents {
  listening(port: number): void;
  facts(): void;
  noticed(id: string): void;
  fatal(message: string): void;
  exited(how: string): void;
}

/** One worker, as the primary sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Undefined until it has said something. */
  readonly facts: WorkerFacts | undefined;
  send(message: FromPrimary): void;
  /** Its metrics; undefined when it does not answer in time. */
  metrics(): Promise<readonly MetricObject[] | undefined>;
  /** Has it end its streams gracefully; resolves when it has, or is gone. It bounds the time itself. */
  drain(): Promise<void>;
  /** Ends it; resolves when it is gone. */
  close(): Promise<void>;
}

/** Starts a worker: this program once more, told by a variable what it is, and by a message what to do. */
export function startWorkerProcess(start: WorkerStart, sources: SharedSources, events: WorkerEvents): WorkerProcess {
  const node = workerNode(process, start.config.server.workers, containerBytes());
  const child: ChildProcess = fork(process.argv[1] ?? '', [], {
    execArgv: [...node.execArgv],
    env: { ...node.env, [WORKER_VARIABLE]: '1' },
    serialization: 'advanced',
  });
  const subscriptions = new Map<number, Subscription>();
  const acks = new Map<number, (metrics?: readonly MetricObject[]) => void>();
  const drained = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<void>();
  let facts: WorkerFacts | undefined;
  let lastAck = 0;
  let gone = false;

  const send = (message: FromPrimary): void => {
    if (!gone && child.connected) child.send(message, () => {}); // a worker that has just gone is noticed by `exit`
  };

  /** Sends what is to be acknowledged; resolves when it was, after `timeoutMs`, or when the worker is gone. */
  const ask = (
    message: (ack: number) => FromPrimary,
    timeoutMs: number,
    late: () => void,
  ): Promise<readonly MetricObject[] | undefined> => {
    if (gone) return Promise.resolve(undefined);
    lastAck += 1;
    const ack = lastAck;
    return new Promise((resolve) => {
      const done = (metrics?: readonly MetricObject[]): void => {
        clearTimeout(timer);
        acks.delete(ack);
        resolve(metrics);
      };
      const timer = setTimeout(() => {
        late();
        done();
      }, timeoutMs);
      acks.set(ack, done);
      send(message(ack));
    });
  };
  const kill = (): void => void child.kill('SIGKILL');

  const sinkOf = (source: number): SourceSink => ({
    put: async (data) => void (await ask((ack) => ({ type: 'put', source, ack, data }), APPLY_MS, kill)),
    upsert: async (item) => void (await ask((ack) => ({ type: 'item', source, ack, item }), APPLY_MS, kill)),
    refused: (item) => void send({ type: 'item-refused', source, item }),
    link: (state, error) => send({ type: 'link', source, state, error }),
  });

  const take = (message: FromWorker): unknown => {
    switch (message.type) {
      case 'listening':
        return events.listening(message.port);
      case 'open':
        subscriptions.set(message.source, sources.subscribe(message.definition, sinkOf(message.source)));
        return undefined;
      case 'restart':
        return subscriptions.get(message.source)?.restart();
      case 'closed':
        subscriptions.get(message.source)?.close();
        subscriptions.delete(message.source);
        return undefined;
      case 'ack':
        return acks.get(message.ack)?.();
      case 'metrics':
        return acks.get(message.ack)?.(message.metrics);
      case 'facts':
        facts = message.facts;
        return events.facts();
      case 'noticed':
        return events.noticed(message.id);
      case 'drained':
        return drained.resolve();
      case 'fatal':
        return events.fatal(message.message);
    }
  };
  child.on('message', (message: FromWorker) => runJob('worker-message', () => take(message)));
  const ended = (how: string): void => {
    if (gone) return;
    gone = true;
    facts = undefined;
    for (const subscription of subscriptions.values()) subscription.close();
    subscriptions.clear();
    for (const done of [...acks.values()]) done();
    drained.resolve();
    exited.resolve();
    events.exited(how);
  };
  child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
  child.on('error', (error) => ended(error.message));

  send({ type: 'start', start });
  return {
    get pid() {
      return child.pid;
    },
    get facts() {
      return facts;
    },
    send,
    metrics: () =>
      ask(
        (ack) => ({ type: 'metrics', ack }),
        METRICS_MS,
        () => {},
      ),
    drain() {
      send({ type: 'drain' });
      return drained.promise;
    },
    async close() {
      const timer = setTimeout(kill, CLOSE_MS);
      send({ type: 'close' });
      await exited.promise;
      clearTimeout(timer);
    },
  };
}

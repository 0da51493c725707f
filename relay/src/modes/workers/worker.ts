import type { Dialect } from '../../dialects/dialect.ts';
import type { Family } from '../../environment/outlet.ts';
import { jobTimer, runJob } from '../../jobs/jobs.ts';
import { describe } from '../../telemetry/describe.ts';
import { createLogger } from '../../telemetry/winston-logger.ts';
import { type RunningRelay, startRelay } from '../proxy.ts';
import type { FromPrimary, FromWorker, WorkerStart } from './messages.ts';
import { createWorkerFeeds } from './worker-feeds.ts';

/** Changes are gathered for this long before the primary is told, in ms. */
const TELL_MS = 200;
/** Closing takes this long at most, in ms. */
const CLOSE_MS = 3_000;

/**
 * The life of a worker process: it serves SDKs on a port that it shares with its siblings, and gets environments and data
 * from the primary. It ends when the primary says so, or is gone.
 */
export function runWorker<F extends Family>(dialect: Dialect<F>): void {
  const feeds = createWorkerFeeds<F['definition']>(send);
  const state: { relay?: RunningRelay } = {};

  // A terminal sends its signals to the whole group: the primary decides what becomes of them.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('disconnect', () => process.exit(1));
  process.on('uncaughtException', (error) => {
    process.stderr.write(`flagrelay: a mistake in a worker, it cannot go on: ${describe(error)}\n`);
    process.exit(1);
  });

  const tell = (): void => {
    const { relay } = state;
    if (relay === undefined) return;
    send({ type: 'facts', facts: { ...relay.facts(), reason: relay.overview.readiness().reason } });
  };

  let told = true;
  const telling = jobTimer(
    'worker-facts',
    () => {
      tell();
      told = true;
    },
    // The primary must not go on with what was before.
    () => (told ? undefined : TELL_MS),
  );

  const start = async ({ config, port, lead }: WorkerStart): Promise<void> => {
    try {
      const relay = await startRelay(
        { ...config, server: { ...config.server, port } },
        {
          dialect,
          logger: createLogger(config.log).child({ worker: process.pid }),
          env: process.env,
          fatal: (error) => send({ type: 'fatal', message: error.message }),
          worker: {
            feeds: feeds.feeds,
            lead,
            changed: () => {
              told = false;
              telling.arm(TELL_MS);
            },
            noticed: (id) => send({ type: 'noticed', id }),
          },
        },
      );
      state.relay = relay;
      send({ type: 'listening', port: relay.port });
      tell();
    } catch (error) {
      send({ type: 'fatal', message: describe(error) });
    }
  };

  // A promise that nobody waits for is like a job: its failure ends nothing else.
  process.on('unhandledRejection', (error) => runJob('promise', () => Promise.reject(error)));
  const take = (message: FromPrimary): unknown => {
    const { relay } = state;
    if (feeds.take(message)) return undefined;
    if (message.type === 'start') return start(message.start);
    if (message.type === 'noticed') return relay?.noticed(message.id);
    if (message.type === 'metrics') return sendMetrics(relay, message.ack);
    if (message.type === 'drain') return relay?.drain().finally(() => send({ type: 'drained' }));
    return message.type === 'close' ? leave(relay) : undefined;
  };
  process.on('message', (message: FromPrimary) => runJob('worker-message', () => take(message)));
}

/** To the primary; when it has just gone, `disconnect` ends this process. */
function send(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function sendMetrics(relay: RunningRelay | undefined, ack: number): Promise<void> {
  send({ type: 'metrics', ack, metrics: (await relay?.metrics.getMetricsAsJSON()) ?? [] });
}

async function leave(relay: RunningRelay | undefined): Promise<void> {
  setTimeout(() => process.exit(0), CLOSE_MS).unref();
  try {
    await relay?.close();
  } finally {
    process.exit(0);
  }
}

import type { RelayConfig } from '../config/document.ts';
import { loadConfig } from '../config/load.ts';
import { StartupError } from '../errors.ts';
import { runJob } from '../jobs/jobs.ts';
import type { RelayDeps, RunningProgram } from '../modes/proxy.ts';
import { describe } from '../telemetry/describe.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createLogger } from '../telemetry/winston-logger.ts';

/** Exit code when the relay cannot start, or cannot go on. Mistakes in the configuration are 2 (`config/load.ts`). */
const EXIT_FAILED = 1;
/** Closing takes this long at most, in ms. */
const CLOSE_MS = 3_000;

const loaded = loadConfig(process.argv.slice(2), process.env);
if (loaded.kind === 'exit') {
  if (loaded.stdout !== undefined) process.stdout.write(loaded.stdout);
  if (loaded.stderr !== undefined) process.stderr.write(loaded.stderr);
  process.exitCode = loaded.code;
} else {
  void run(loaded);
}

/** Does what the command line asks for. No `await` outside of a function: the bundle is not an ES module. */
async function run(asked: Exclude<typeof loaded, { kind: 'exit' }>): Promise<void> {
  const { config } = asked;
  const logger = createLogger(config.log);
  for (const warning of asked.warnings) logger.warn(warning);
  try {
    if (asked.kind === 'export') await exportTo(asked.outFile, config, logger);
    else if (config.oneShot) await (await import('../modes/one-shot.ts')).runOnce(config, logger, process.env);
    else await serve(asked, logger);
  } catch (error) {
    process.stderr.write(`flagrelay: ${error instanceof StartupError ? error.message : describe(error)}\n`);
    process.exit(EXIT_FAILED);
  }
}

async function exportTo(outFile: string, config: RelayConfig, logger: Logger): Promise<void> {
  const [{ exportArchive }, { createUpstreamDispatcher }] = await Promise.all([
    import('../dialects/launchdarkly/sources/archive/export.ts'),
    import('../upstream/dispatcher.ts'),
  ]);
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, process.env);
  try {
    await exportArchive(config, outFile, { dispatcher, logger });
  } finally {
    await dispatcher.close();
  }
}

async function serve({ config, watch }: Extract<typeof loaded, { kind: 'run' }>, logger: Logger): Promise<void> {
  const start = await programFor(config);
  let relay: RunningProgram | undefined;
  process.on('uncaughtException', (error) => {
    logger.error('a mistake in the relay, it cannot go on', { error: describe(error) });
    void leave(relay, EXIT_FAILED);
  });
  // A promise that nobody waits for is like a job: its failure ends nothing else.
  process.on('unhandledRejection', (error) => runJob('promise', () => Promise.reject(error)));
  relay = await start(config, {
    logger,
    env: process.env,
    fatal(error) {
      logger.error(error.message);
      void leave(relay, EXIT_FAILED);
    },
    ...(watch === undefined ? {} : { watch }),
  });
  onSignals(relay, logger);
}

/** What the configuration asks for; what is not used is not loaded. */
async function programFor(
  config: RelayConfig,
): Promise<(config: RelayConfig, deps: RelayDeps) => Promise<RunningProgram>> {
  if (config.mode === 'daemon') return (await import('../modes/daemon/daemon.ts')).startDaemon;
  if (config.server.workers > 1) return (await import('../modes/workers/primary.ts')).startPrimary;
  return (await import('../modes/proxy.ts')).startRelay;
}

/** First SIGTERM or SIGINT: drain, then exit 0. The second: exit at once. */
function onSignals(relay: RunningProgram, logger: Logger): void {
  let leaving = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (leaving) process.exit(EXIT_FAILED);
    leaving = true;
    logger.info('shutting down', { signal, streams: relay.streams() });
    relay
      .drain()
      .catch((error: unknown) => logger.error('the drain failed', { error: describe(error) }))
      .finally(() => void leave(relay, 0));
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}

/** Closes what is open, but never hangs on it. */
async function leave(relay: RunningProgram | undefined, code: number): Promise<void> {
  setTimeout(() => process.exit(code), CLOSE_MS).unref();
  try {
    await relay?.close();
  } finally {
    process.exit(code);
  }
}

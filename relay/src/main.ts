import type { RunningRelay } from './app.ts';
import { loadConfig } from './config/load.ts';
import { StartupError } from './environment/definition.ts';
import type { Logger } from './telemetry/logger.ts';

/** Exit code when the relay cannot start, or cannot go on. Mistakes in the configuration are 2 (`config/load.ts`). */
const EXIT_FAILED = 1;

const loaded = loadConfig(process.argv.slice(2), process.env);
if (loaded.kind === 'exit') {
  if (loaded.stdout !== undefined) process.stdout.write(loaded.stdout);
  if (loaded.stderr !== undefined) process.stderr.write(loaded.stderr);
  process.exitCode = loaded.code;
} else if (loaded.kind === 'run') {
  await run(loaded);
}

async function run({ config, warnings, watch }: Extract<typeof loaded, { kind: 'run' }>): Promise<void> {
  const { createLogger } = await import('./telemetry/winston-logger.ts');
  const logger = createLogger(config.log);
  for (const warning of warnings) logger.warn(warning);
  const { startRelay } = await import('./app.ts');
  let relay: RunningRelay | undefined;
  const fatal = (error: StartupError): void => {
    logger.error(error.message);
    void leave(relay, EXIT_FAILED);
  };
  try {
    relay = await startRelay(config, {
      logger,
      env: process.env,
      fatal,
      ...(watch === undefined ? {} : { watch }),
    });
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    process.stderr.write(`flagrelay: ${error.message}\n`);
    process.exitCode = EXIT_FAILED;
    process.exit();
  }
  onSignals(relay, logger);
}

/** First SIGTERM or SIGINT: drain, then exit 0. The second: exit at once. */
function onSignals(relay: RunningRelay, logger: Logger): void {
  let leaving = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (leaving) process.exit(EXIT_FAILED);
    leaving = true;
    logger.info('shutting down', { signal, streams: relay.streams() });
    relay
      .drain()
      .catch((error: unknown) => logger.error('the drain failed', { error: String(error) }))
      .finally(() => void leave(relay, 0));
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}

/** Closes what is open, but never hangs on it. */
async function leave(relay: RunningRelay | undefined, code: number): Promise<void> {
  process.exitCode = code;
  const timer = setTimeout(() => process.exit(), 3_000);
  timer.unref();
  await relay?.close().catch(() => {});
  process.exit();
}

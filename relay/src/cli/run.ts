import type { RelayConfig } from '../config/document.ts';
import { type LoadResult, loadConfig, refusal } from '../config/load.ts';
// Nothing of a dialect, nor of a mode, is loaded for a configuration with mistakes.
import type { LaunchDarkly } from '../dialects/launchdarkly/outlet/outlet.ts';
import { StartupError } from '../errors.ts';
import { runJob } from '../jobs/jobs.ts';
import type { ProgramDeps, RunningProgram } from '../modes/program.ts';
import { describe } from '../telemetry/describe.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createLogger } from '../telemetry/winston-logger.ts';

/** Exit code when the relay cannot start, or cannot go on. Mistakes in the configuration are 2 (`config/load.ts`). */
const EXIT_FAILED = 1;
/** Closing takes this long at most, in ms. */
const CLOSE_MS = 3_000;

/** The process around a program. */
export interface ProgramIo {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Calls `listener` for SIGTERM and SIGINT. */
  onSignal(listener: (signal: NodeJS.Signals) => void): void;
  /** Calls `listener` for what nobody caught: the process is not to be trusted any more. */
  onUncaught(listener: (error: unknown) => void): void;
  /** Calls `listener` for a promise that failed and that nobody waits for. */
  onUnhandled(listener: (error: unknown) => void): void;
}

/**
 * Does what the command line asks for.
 * @param argv arguments after the program's name
 * @returns the exit code, when the program has ended: the caller ends the process then, whatever may still be open
 */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, io: ProgramIo): Promise<number> {
  const asked = await checkedFurther(loadConfig(argv, env), env);
  if (asked.kind === 'exit') {
    if (asked.stdout !== undefined) io.stdout(asked.stdout);
    if (asked.stderr !== undefined) io.stderr(asked.stderr);
    return asked.code;
  }
  const { config } = asked;
  const logger = createLogger(config.log);
  for (const warning of asked.warnings) logger.warn(warning);
  try {
    if (asked.kind === 'export') await exportTo(asked.outFile, config, logger, env);
    else if (config.oneShot) await fillOnce(config, logger, env);
    else return await serve(asked, logger, env, io);
    return 0;
  } catch (error) {
    io.stderr(`flagrelay: ${error instanceof StartupError ? error.message : describe(error)}\n`);
    return EXIT_FAILED;
  }
}

/** What `check-config` found right may still be what a start refuses. */
async function checkedFurther(asked: LoadResult, env: NodeJS.ProcessEnv): Promise<LoadResult> {
  if (asked.kind !== 'exit' || asked.checked === undefined) return asked;
  const { whatStartRefuses } = await import('./check.ts');
  const mistakes = await whatStartRefuses(asked.checked, env);
  if (mistakes.length === 0) return asked;
  const { code, stderr = '' } = refusal({ mistakes, warnings: [] });
  return { kind: 'exit', code, stderr: `${asked.stderr ?? ''}${stderr}` };
}

async function exportTo(outFile: string, config: RelayConfig, logger: Logger, env: NodeJS.ProcessEnv): Promise<void> {
  const [{ exportArchive }, { createUpstreamDispatcher }] = await Promise.all([
    import('../dialects/launchdarkly/sources/archive/export.ts'),
    import('../upstream/dispatcher.ts'),
  ]);
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, env);
  try {
    await exportArchive(config, outFile, { dispatcher, logger });
  } finally {
    await dispatcher.close();
  }
}

async function fillOnce(config: RelayConfig, logger: Logger, env: NodeJS.ProcessEnv): Promise<void> {
  const [{ runOnce }, { launchDarkly }] = await Promise.all([
    import('../modes/one-shot.ts'),
    import('../dialects/launchdarkly/dialect.ts'),
  ]);
  await runOnce(config, { dialect: launchDarkly, logger, env });
}

/** Runs until a signal, or until it cannot go on. First SIGTERM or SIGINT: drain, then 0. The second: at once. */
async function serve(
  { config, watch }: Extract<LoadResult, { kind: 'run' }>,
  logger: Logger,
  env: NodeJS.ProcessEnv,
  io: ProgramIo,
): Promise<number> {
  const [start, { launchDarkly }] = await Promise.all([
    programFor(config),
    import('../dialects/launchdarkly/dialect.ts'),
  ]);
  const ended = Promise.withResolvers<number>();
  let relay: RunningProgram | undefined;
  const leave = (code: number): void => void closed(relay).then(() => ended.resolve(code));
  io.onUncaught((error) => {
    logger.error('a mistake in the relay, it cannot go on', { error: describe(error) });
    leave(EXIT_FAILED);
  });
  // A promise that nobody waits for is like a job: its failure ends nothing else.
  io.onUnhandled((error) => runJob('promise', () => Promise.reject(error)));
  const starting = start(config, {
    dialect: launchDarkly,
    logger,
    env,
    fatal(error) {
      logger.error(error.message);
      leave(EXIT_FAILED);
    },
    ...(watch === undefined ? {} : { watch }),
  });
  const first = await Promise.race([starting, ended.promise]);
  if (typeof first === 'number') return first;
  relay = first;
  onSignals(relay, logger, io, leave, () => ended.resolve(EXIT_FAILED));
  return ended.promise;
}

type Program = (config: RelayConfig, deps: ProgramDeps<LaunchDarkly>) => Promise<RunningProgram>;

/** What the configuration asks for; what is not used is not loaded. */
async function programFor(config: RelayConfig): Promise<Program> {
  if (config.mode === 'daemon') return (await import('../modes/daemon/daemon.ts')).startDaemon;
  if (config.server.workers > 1) return (await import('../modes/workers/primary.ts')).startPrimary;
  return (await import('../modes/proxy.ts')).startRelay;
}

function onSignals(
  relay: RunningProgram,
  logger: Logger,
  io: ProgramIo,
  leave: (code: number) => void,
  leaveNow: () => void,
): void {
  let leaving = false;
  io.onSignal((signal) => {
    if (leaving) {
      leaveNow();
      return;
    }
    leaving = true;
    logger.info('shutting down', { signal, streams: relay.streams() });
    relay
      .drain()
      .catch((error: unknown) => logger.error('the drain failed', { error: describe(error) }))
      .finally(() => leave(0));
  });
}

/** Closes what is open, but never hangs on it, and never fails. */
async function closed(relay: RunningProgram | undefined): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, CLOSE_MS);
  try {
    await Promise.race([relay?.close(), late.promise]);
  } catch {
    // The process ends whatever of it could not be closed.
  } finally {
    clearTimeout(timer);
  }
}

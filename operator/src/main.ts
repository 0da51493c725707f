import { ConfigError, type OperatorConfig, parseConfig } from './config.ts';
import { runOperator } from './operator.ts';
import { createLogger } from './runtime/logger.ts';
import { version } from './version.ts';

/** Exit code for a configuration that cannot be used. */
const EXIT_USAGE = 2;

function configOrExit(): OperatorConfig {
  try {
    return parseConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`flagrelay-operator: ${problem}\n`);
    return process.exit(EXIT_USAGE);
  }
}

const config = configOrExit();
const logger = createLogger({ level: config.logLevel, format: config.logFormat });
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => stop.abort(new Error(`received ${signal}`)));
}
logger.info('Starts', { version, relayImage: config.relayImage, watchNamespaces: config.watchNamespaces ?? 'all' });
try {
  await runOperator(config, logger, stop.signal);
} catch (error) {
  logger.error('Ends with an error', { error });
  process.exitCode = 1;
}
// What may still hang, such as a call that was left behind after a lost lease, must not keep the process.
process.exit();

/**
 * The relay as a child process, started as `main.ts` starts it from environment variables, that tells its parent over IPC its port,
 * and on request its memory after a garbage collection. Any error that nobody handled is told, and ends it.
 */

import { loadConfig } from '../../src/config/load.ts';
import { launchDarkly } from '../../src/dialects/launchdarkly/dialect.ts';
import { startRelay } from '../../src/modes/proxy.ts';
import { SILENT } from '../../src/testing/relay.ts';

/** What the child tells. */
export type TargetMessage =
  | { readonly port: number }
  | { readonly heapBytes: number; readonly polluted: boolean }
  | { readonly failure: string };

const send = (message: TargetMessage): void => void process.send?.(message);
const fail = (what: string) => (error: unknown) => {
  const failure = `${what}: ${error instanceof Error ? error.stack : String(error)}`;
  process.send?.({ failure }, undefined, undefined, () => process.exit(1));
};
process.on('uncaughtException', fail('uncaught exception'));
process.on('unhandledRejection', fail('unhandled rejection'));

// An error that a handler threw is answered with 500 and logged: the log tells what it was. Flags that upstream broke are named there as well.
const logger = {
  ...SILENT,
  error: (message: string, fields?: object) => {
    if (!message.endsWith('cannot be used and is left out'))
      process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
};
const loaded = loadConfig(['--from-env'], process.env);
if (loaded.kind !== 'run') throw new Error('stderr' in loaded ? loaded.stderr : 'the relay was not to run');
const relay = await startRelay(
  { ...loaded.config, server: { ...loaded.config.server, port: 0 } },
  {
    dialect: launchDarkly,
    logger: { ...logger, child: () => logger },
    env: process.env,
    fatal: fail('fatal'),
  },
);
send({ port: relay.port });

process.on('message', () => {
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  send({ heapBytes: heapUsed + external, polluted: 'polluted' in {} });
});
process.on('disconnect', () => process.exit(0));

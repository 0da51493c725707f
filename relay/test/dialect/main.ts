import { relayDocument } from '../../src/config/document.ts';
import { startRelay } from '../../src/modes/proxy.ts';
import { startPrimary } from '../../src/modes/workers/primary.ts';
import { isWorker } from '../../src/modes/workers/role.ts';
import { runWorker } from '../../src/modes/workers/worker.ts';
import { SILENT } from '../../src/testing/relay.ts';
import { toggles } from './toggles.ts';

/** A relay of the dialect of the tests: its document is in `DOCUMENT`, and its ports are told by IPC. SIGTERM drains and ends it. */
async function main(): Promise<void> {
  const config = relayDocument.parse(JSON.parse(process.env.DOCUMENT ?? '{}'));
  const start = config.server.workers > 1 ? startPrimary : startRelay;
  const fatal = (error: Error): never => {
    throw error;
  };
  const { port, opsPort, drain, close } = await start(config, { dialect: toggles, logger: SILENT, env: {}, fatal });
  process.send?.({ port, opsPort });
  process.on(
    'SIGTERM',
    () =>
      void drain()
        .then(close)
        .then(() => process.exit(0)),
  );
}

if (isWorker()) runWorker(toggles);
else await main();

/**
 * An application with the official Node client-side SDK, streaming on. Arguments: relay URL, client-side ID, flag key. Prints JSON lines:
 * `ready` with the flag's value, then `change` for each change. Ends on SIGTERM or when its stdin closes.
 */
import { initialize } from 'launchdarkly-node-client-sdk';

const [relayUrl = '', clientSideId = '', flagKey = ''] = process.argv.slice(2);
const report = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const client = initialize(
  clientSideId,
  { kind: 'user', key: 'alice' },
  {
    baseUrl: relayUrl,
    streamUrl: relayUrl,
    eventsUrl: relayUrl,
    streaming: true,
    sendEvents: false,
    diagnosticOptOut: true,
    logger: { debug() {}, info() {}, warn: console.error, error: console.error },
  },
);
client.on(`change:${flagKey}`, (value: unknown) => report({ event: 'change', key: flagKey, value }));
try {
  await client.waitForInitialization(30);
  report({ event: 'ready', value: client.variation(flagKey, null) });
} catch (error) {
  report({ event: 'failed', message: (error as Error).message });
  process.exit(1);
}
const end = () => {
  client.close().finally(() => process.exit(0));
};
process.stdin.on('end', end).resume();
process.once('SIGTERM', end);

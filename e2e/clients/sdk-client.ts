/**
 * An application in the cluster, for the demo and the scenarios: the official server SDK, streaming from a relay's Service, and
 * optionally a loop of requests through the same Service. It reports as JSON lines on stdout ({@link ClientReport}), is configured by
 * environment variables, and ends on SIGTERM.
 */
import { init, type LDContext } from '@launchdarkly/node-server-sdk';
import { reporter, required } from './program-io.ts';
import { startRequestLoop } from './request-loop.ts';

/** A line that the client prints. */
export type ClientReport =
  | { readonly event: 'ready'; readonly flags: Record<string, unknown>; readonly ms: number }
  | { readonly event: 'change'; readonly key: string; readonly value: unknown; readonly at: number }
  | {
      readonly event: 'loop';
      readonly sent: number;
      readonly failed: number;
      readonly retried: number;
      readonly errors: readonly string[];
    }
  | { readonly event: 'failed'; readonly message: string };

const report = reporter<ClientReport>();
const relayUrl = required('RELAY_URL');
const context: LDContext = { kind: 'user', key: process.env.USER_KEY ?? 'alice', email: 'alice@example.com' };
const started = performance.now();
const quiet = { error: console.error, warn: console.error, info() {}, debug() {} };
const client = init(required('SDK_KEY'), {
  baseUri: relayUrl,
  streamUri: relayUrl,
  eventsUri: relayUrl,
  sendEvents: false,
  diagnosticOptOut: true,
  streamInitialReconnectDelay: 0.1,
  logger: quiet,
});

client.on('update', ({ key }: { key: string }) => {
  client
    .variation(key, context, null)
    .then((value) => report({ event: 'change', key, value, at: Date.now() }))
    .catch((error: Error) => report({ event: 'failed', message: error.message }));
});

try {
  await client.waitForInitialization({ timeout: 60 });
  const state = await client.allFlagsState(context);
  report({ event: 'ready', flags: state.allValues(), ms: Math.round(performance.now() - started) });
} catch (error) {
  report({ event: 'failed', message: (error as Error).message });
  process.exit(1);
}

const rate = Number(process.env.REQUESTS_PER_SECOND ?? '0');
const loop =
  rate > 0
    ? startRequestLoop(
        {
          url: `${relayUrl}/sdk/evalx/contexts/${Buffer.from(JSON.stringify(context)).toString('base64url')}`,
          sdkKey: required('SDK_KEY'),
          rate,
          retryMs: Number(process.env.RETRY_SECONDS ?? '0') * 1000,
        },
        (r) => report({ event: 'loop', ...r }),
      )
    : undefined;

process.once('SIGTERM', () => {
  loop?.stop();
  client.close();
  process.exit(0);
});

/**
 * A serverless application in the cluster, for the scenarios: the official server SDK in daemon mode, which knows no relay and
 * reads flags from Redis at each evaluation. It reports as JSON lines on stdout (`ClientReport`): `ready`, then `change` for each
 * new value of the flag that it looks at twice a second. Configured by environment variables; ends on SIGTERM.
 */
import { init, type LDContext } from '@launchdarkly/node-server-sdk';
import { RedisFeatureStore } from '@launchdarkly/node-server-sdk-redis';
import { reporter, required } from './program-io.ts';
import type { ClientReport } from './sdk-client.ts';

const LOOK_MS = 500;

const report = reporter<ClientReport>();
const flag = required('FLAG');
const redis = new URL(required('REDIS_URL'));
const context: LDContext = { kind: 'user', key: 'alice' };
const started = performance.now();
const client = init(required('SDK_KEY'), {
  useLdd: true,
  featureStore: RedisFeatureStore({
    prefix: required('REDIS_PREFIX'),
    redisOpts: { host: redis.hostname, port: Number(redis.port) },
    cacheTTL: 0,
  }),
  sendEvents: false,
  diagnosticOptOut: true,
  logger: { error: console.error, warn: console.error, info() {}, debug() {} },
});

await client.waitForInitialization({ timeout: 60 });
let last: unknown = await client.variation(flag, context, null);
report({ event: 'ready', flags: { [flag]: last }, ms: Math.round(performance.now() - started) });

const looking = setInterval(async () => {
  try {
    const value: unknown = await client.variation(flag, context, null);
    if (value === last) return;
    last = value;
    report({ event: 'change', key: flag, value, at: Date.now() });
  } catch (error) {
    report({ event: 'failed', message: (error as Error).message });
  }
}, LOOK_MS);

process.once('SIGTERM', () => {
  clearInterval(looking);
  client.close();
  process.exit(0);
});

import { init, type LDClient, type LDContext } from '@launchdarkly/node-server-sdk';
import { TestData } from '@launchdarkly/node-server-sdk/integrations';
import type { JsonObject } from '../../src/json/json.ts';
import type { World } from './generate.ts';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** LaunchDarkly's own evaluator: the Node SDK in this process, fed with test data and without any network. */
export interface OfficialEvaluator {
  /** All flags for a context, by key, in the shape of an evalx answer (contract 1.5). */
  evaluateAll(context: JsonObject): Promise<Map<string, JsonObject>>;
  close(): void;
}

/** Starts the SDK with an environment's data. Rejects when it does not come up within 5 s. */
export async function officialEvaluator(data: World['data']): Promise<OfficialEvaluator> {
  const testData = new TestData();
  // It takes its own copy of each item and lets the version as it is for a key that it has not seen.
  for (const flag of Object.values(data.flags)) await testData.usePreconfiguredFlag(structuredClone(flag));
  for (const segment of Object.values(data.segments)) await testData.usePreconfiguredSegment(structuredClone(segment));
  const client: LDClient = init('sdk-not-used', {
    updateProcessor: testData.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: silent,
  });
  await client.waitForInitialization({ timeout: 5 });
  return {
    async evaluateAll(context) {
      const state = await client.allFlagsState(context as unknown as LDContext, { withReasons: true });
      const values = JSON.parse(JSON.stringify(state)) as JsonObject;
      const metadata = values.$flagsState as Record<string, JsonObject>;
      const results = new Map<string, JsonObject>();
      for (const [key, details] of Object.entries(metadata))
        results.set(key, { value: values[key] ?? null, ...details });
      return results;
    },
    close: () => client.close(),
  };
}

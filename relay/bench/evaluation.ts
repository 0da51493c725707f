import { init, type LDContext } from '@launchdarkly/node-server-sdk';
import { TestData } from '@launchdarkly/node-server-sdk/integrations';
import { compile } from '../src/dialects/launchdarkly/evaluation/compile.ts';
import { parseContext } from '../src/dialects/launchdarkly/model/context.ts';
import { parseDataSet } from '../src/dialects/launchdarkly/model/parse.ts';
import { type BenchData, benchData, type SizeName } from './dataset.ts';
import type { Row } from './table.ts';

// Processor time from the context's text to the encoded answer. Rounds alternate between the two.

/** Processor time that one round of either side takes, in ms. */
const ROUND_MS = 300;
const silent = { error() {}, warn() {}, info() {}, debug() {} };

type Evaluate = (contextText: string) => number | Promise<number>;

/** Processor time of this process in µs. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function relay(data: BenchData): Evaluate {
  const compiled = compile(parseDataSet(JSON.stringify({ flags: data.flags, segments: data.segments })));
  const options = { audience: 'browser', withReasons: false } as const;
  return (text) => Buffer.from(compiled.evaluateAll(parseContext(text), options), 'latin1').length;
}

async function officialSdk(data: BenchData): Promise<{ evaluate: Evaluate; close(): void }> {
  const testData = new TestData();
  for (const flag of Object.values(data.flags)) await testData.usePreconfiguredFlag(flag);
  for (const segment of Object.values(data.segments)) await testData.usePreconfiguredSegment(segment);
  const client = init('sdk-not-used', {
    updateProcessor: testData.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: silent,
  });
  await client.waitForInitialization({ timeout: 10 });
  return {
    async evaluate(text) {
      const state = await client.allFlagsState(JSON.parse(text) as LDContext, { clientSideOnly: true });
      return Buffer.from(JSON.stringify(state)).length;
    },
    close: () => client.close(),
  };
}

/** µs per call over one round. */
async function round(evaluate: Evaluate, contexts: readonly string[]): Promise<number> {
  const start = cpu();
  let calls = 0;
  while (cpu() - start < ROUND_MS * 1000) {
    for (let index = 0; index < 10; index++) {
      const length = evaluate(contexts[calls % contexts.length]!);
      if (typeof length !== 'number') await length;
      calls++;
    }
  }
  return (cpu() - start) / calls;
}

/** µs of CPU per evaluation of all flags that browsers see, next to the official Node SDK in the same process. */
export async function measureEvaluation(size: SizeName, rounds: number): Promise<Row> {
  const data = benchData(size);
  const contexts = data.contexts.map((context) => JSON.stringify(context));
  const ours = relay(data);
  const official = await officialSdk(data);
  // One round of each to warm up.
  await round(ours, contexts);
  await round(official.evaluate, contexts);
  const results = { relay: [] as number[], baseline: [] as number[] };
  for (let index = 0; index < rounds; index++) {
    results.relay.push(await round(ours, contexts));
    results.baseline.push(await round(official.evaluate, contexts));
  }
  official.close();
  return {
    name: `evaluation ${size}`,
    unit: 'µs',
    better: 'lower',
    measures: 'cpu',
    ...results,
    against: 'official Node SDK',
  };
}

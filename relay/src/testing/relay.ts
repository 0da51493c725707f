import { type RelayDocument, relayDocument } from '../config/document.ts';
import { launchDarkly } from '../dialects/launchdarkly/dialect.ts';
import { type RunningRelay, startRelay } from '../modes/proxy.ts';
import type { Logger } from '../telemetry/logger.ts';
import { startUpstream, type Upstream, type UpstreamData } from './upstream.ts';

/** A relay in this process with a stand-in for LaunchDarkly behind it. */
export interface TestRelay {
  readonly relay: RunningRelay;
  readonly upstream: Upstream;
  readonly port: number;
  /** Failures that would end the process. */
  readonly fatal: Error[];
  close(): Promise<void>;
}

/** Credentials of the environment that {@link startTestRelay} configures unless told otherwise. */
export const KEYS = {
  sdk: 'sdk-11111111-0000-4000-8000-000000000001',
  mobile: 'mob-11111111-0000-4000-8000-000000000001',
  env: '5f0000000000000000000001',
} as const;

/** A logger that says nothing. */
export const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};

/** A flag that is on and serves its first variation to everybody. */
export function simpleFlag(
  key: string,
  version = 1,
  extra: object = {},
): { key: string; version: number } & Record<string, unknown> {
  return {
    key,
    version,
    on: true,
    variations: ['a', 'b'],
    fallthrough: { variation: 0 },
    offVariation: 1,
    salt: key,
    clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true },
    clientSide: true,
    prerequisites: [],
    targets: [],
    contextTargets: [],
    rules: [],
    trackEvents: false,
    trackEventsFallthrough: false,
    debugEventsUntilDate: null,
    deleted: false,
    ...extra,
  };
}

/** Two flags and a segment. */
export function sampleData(): UpstreamData {
  return {
    flags: { one: simpleFlag('one'), two: simpleFlag('two', 3, { on: false }) },
    segments: {
      seg: {
        key: 'seg',
        version: 2,
        included: ['alice'],
        excluded: [],
        includedContexts: [],
        excludedContexts: [],
        rules: [],
        salt: 's',
        generation: null,
        deleted: false,
      },
    },
  };
}

/**
 * Starts a relay on free ports.
 * @param document overrides; the default is one environment with {@link KEYS}, whose upstream holds `data`
 * @param logger says nothing unless one is given
 */
export async function startTestRelay(
  document: RelayDocument = {},
  data: UpstreamData = sampleData(),
  logger: Logger = SILENT,
): Promise<TestRelay> {
  const upstream = await startUpstream();
  upstream.add(KEYS.sdk, data);
  const fatal: Error[] = [];
  const config = relayDocument.parse({
    environments: [{ name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env }],
    ...document,
    server: { port: 0, drainMs: 400, ...document.server },
    ops: { port: 0, ...document.ops },
    upstream: { streamUri: upstream.url, onInitTimeout: 'continue', ...document.upstream },
  });
  const relay = await startRelay(config, {
    dialect: launchDarkly,
    logger,
    env: {},
    fatal: (error) => fatal.push(error),
  }).catch(async (error: unknown) => {
    await upstream.close();
    throw error;
  });
  return {
    relay,
    upstream,
    port: relay.port,
    fatal,
    async close() {
      await relay.close();
      await upstream.close();
    },
  };
}

/** Waits until the relay serves data for its first environment; fails after 10 s. */
export async function untilReady({ relay }: TestRelay): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!relay.overview.readiness().ready) {
    if (Date.now() > deadline) throw new Error(`the relay is not ready: ${relay.overview.readiness().reason}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../../config/document.ts';
import type { Registry } from '../../../environment/registry.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { createUsageReporter, type UsageClient } from '../events/usage.ts';
import type { LaunchDarkly } from '../outlet/outlet.ts';
import type { Client, ClientObserver } from './clients.ts';

/** The relay's own usage on its way to LaunchDarkly. */
export interface RunningUsage {
  readonly observer: ClientObserver;
  close(): Promise<void>;
}

/** Reports usage where the configuration asks for it and there is an upstream (contract 5.2; 14, row 28). */
export function createUsage(
  config: Pick<RelayConfig, 'upstream' | 'offline'>,
  dispatcher: Dispatcher,
  registry: Registry<LaunchDarkly>,
  logger: Logger,
): RunningUsage | undefined {
  if (!config.upstream.diagnostics || config.offline !== undefined) return undefined;
  const reporter = createUsageReporter({
    eventsUri: config.upstream.eventsUri,
    dispatcher,
    logger,
    environments: () => [...registry.environments()].map(({ id, definition }) => ({ id, sdkKey: definition.sdkKey })),
  });
  return {
    observer: {
      request: (client, route) => {
        if (POLLS.test(route.name)) reporter.polled(client.environment.id, usageClient(client));
      },
      streamOpened: (client) => reporter.opened(client.environment.id, usageClient(client)),
      streamClosed: (client) => reporter.closed(client.environment.id, usageClient(client)),
    },
    close: reporter.close,
  };
}

/** Routes whose requests are polls: evaluations and the PHP endpoints. */
const POLLS = /evalx$|^sdk_(?:flags?|segment|latest_all)$/;

function usageClient({ userAgent, category }: Client): UsageClient {
  return { userAgent, platformCategory: category };
}

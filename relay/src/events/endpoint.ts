import { randomUUID } from 'node:crypto';
import type { Logger } from '../telemetry/logger.ts';
import { type EventSender, USER_AGENT } from './sender.ts';
import type { EventEnvironment, EventFamily, EventMetrics } from './types.ts';
import type { Payload } from './verbatim-queue.ts';

/** First pause after upstream refused a credential, in ms; doubles up to the maximum, less up to half at random. */
const PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 600_000;

/** Where one family's events go. */
export interface Endpoint {
  /** True while upstream refuses the credential: nothing is to be sent yet. */
  paused(): boolean;
  /** Sends one payload, and counts what becomes of it. Never rejects. Resolves to upstream's clock where it was told. */
  send(payload: Payload, schema: number, tags: string, signal: AbortSignal): Promise<number | undefined>;
}

/** What an endpoint needs. */
export interface EndpointDeps {
  readonly eventsUri: string;
  readonly environment: EventEnvironment;
  readonly sender: EventSender;
  readonly metrics: EventMetrics;
  readonly logger: Logger;
  readonly pauseMs?: number;
}

/**
 * One family's way to the events service (contract 5.3). A credential that upstream refuses pauses it, for longer each time,
 * until it is accepted or replaced; ld-relay would switch it off for good.
 */
export function createEndpoint(family: EventFamily, deps: EndpointDeps): Endpoint {
  const { environment, sender, metrics, logger } = deps;
  let refusals = 0;
  let refusedCredential: string | undefined;
  let pausedUntil = 0;

  const refused = (credential: string | undefined, status: number | undefined): void => {
    const pause = Math.min(MAX_PAUSE_MS, (deps.pauseMs ?? PAUSE_MS) * 2 ** Math.min(refusals, 10));
    refusals += 1;
    refusedCredential = credential;
    pausedUntil = performance.now() + pause * (1 - Math.random() / 2);
    logger.error('upstream refuses events; trying again later', {
      endpoint: family,
      status,
      pauseMs: Math.round(pause),
    });
  };

  return {
    paused: () =>
      refusals > 0 && performance.now() < pausedUntil && refusedCredential === credentialOf(family, environment),
    send: async ({ body, count, payloadId }, schema, tags, signal) => {
      const path = pathOf(family, environment);
      const credential = credentialOf(family, environment);
      if (path === undefined || (credential === undefined && family !== 'browser')) {
        metrics.dropped(count, 'refused');
        return undefined;
      }
      const headers: Record<string, string> = {
        'user-agent': USER_AGENT,
        'x-launchdarkly-event-schema': String(schema),
        'x-launchdarkly-payload-id': payloadId ?? randomUUID(),
      };
      if (tags !== '') headers['x-launchdarkly-tags'] = tags;
      if (credential !== undefined) headers.authorization = credential;
      const result = await sender.send({ url: joinUrl(deps.eventsUri, path), headers, body }, signal);
      if (result.outcome === 'accepted') {
        metrics.forwarded(count);
        refusals = 0;
      } else {
        metrics.dropped(count, signal.aborted ? 'shutdown' : result.outcome);
        if (result.outcome === 'refused') refused(credential, result.status);
        else
          logger.warn('events were lost', { endpoint: family, count, status: result.status, reason: result.outcome });
      }
      return result.serverTime;
    },
  };
}

function pathOf(family: EventFamily, environment: EventEnvironment): string | undefined {
  if (family === 'server') return '/bulk';
  if (family === 'mobile') return '/mobile';
  return environment.envId === undefined ? undefined : `/events/bulk/${encodeURIComponent(environment.envId)}`;
}

function credentialOf(family: EventFamily, environment: EventEnvironment): string | undefined {
  if (family === 'server') return environment.sdkKey;
  return family === 'mobile' ? environment.mobileKey : undefined;
}

/** A base URL that may have a path, and a path that begins with a slash. */
export function joinUrl(base: string, path: string): string {
  return base.replace(/\/+$/, '') + path;
}

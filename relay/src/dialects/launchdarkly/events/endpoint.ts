import { fullDelay, spread } from '@flagrelay/kube/backoff';
import type { Logger } from '../../../telemetry/logger.ts';
import { USER_AGENT } from '../../../version.ts';
import { type Parcel, partOf, unpack } from './parcel.ts';
import type { EventPost, EventSender, SendResult } from './sender.ts';
import type { EventEnvironment, EventFamily, EventMetrics } from './types.ts';

/** First pause after upstream refused a credential, in ms; doubles up to the maximum, less up to half at random. */
const REFUSED_MS = 30_000;
const MAX_REFUSED_MS = 600_000;
/** The same after upstream failed or could not be reached, twice in a row. */
const FAILED_MS = 1_000;
const MAX_FAILED_MS = 30_000;
/** What could not be sent for this long, in ms, is given up. */
const MAX_AGE_MS = 300_000;
/** Posts to find the events in one payload that upstream does not take. */
const MAX_PARTS = 128;

/** What becomes of a parcel. Whatever is not to be sent again was counted and let go. */
export interface Sent {
  readonly again?: Parcel | undefined;
  /** Upstream's clock, ms since the epoch. */
  readonly serverTime?: number | undefined;
}

/** Where one family's events go. */
export interface Endpoint {
  /** How long nothing is to be sent because upstream refuses or fails, in ms; 0 = send. */
  pauseMs(): number;
  /** Upstream refuses the credential: a try would be in vain. */
  refuses(): boolean;
  /** Upstream failed when it was tried last. */
  fails(): boolean;
  /** Sends one parcel, and counts what becomes of it. Never rejects. */
  send(parcel: Parcel, schema: number, tags: string, signal: AbortSignal): Promise<Sent>;
}

/** Options of an endpoint. */
export interface EndpointDeps {
  readonly eventsUri: string;
  readonly environment: EventEnvironment;
  readonly sender: EventSender;
  readonly metrics: EventMetrics;
  readonly logger: Logger;
  /** First pause after a refusal, in ms; for tests. */
  readonly pauseMs?: number;
  /** First pause after a failure, in ms; for tests. */
  readonly failedMs?: number;
  /** What is given up, in ms; for tests. */
  readonly maxAgeMs?: number;
}

/**
 * One family's way to the events service (contract 5.3). A credential that upstream refuses pauses it, for longer each time,
 * until it is accepted or replaced; ld-relay would switch it off for good. When upstream fails, the events are kept and tried again.
 */
export function createEndpoint(family: EventFamily, deps: EndpointDeps): Endpoint {
  const { environment, sender, metrics, logger, maxAgeMs = MAX_AGE_MS } = deps;
  let refusals = 0;
  let refusedCredential: string | undefined;
  let failures = 0;
  let pausedUntil = 0;

  const pauseFor = (firstMs: number, mostMs: number, times: number): number => {
    const pause = fullDelay(times, { baseMs: firstMs, maxMs: mostMs });
    pausedUntil = performance.now() + spread(pause);
    return pause;
  };

  const refused = (credential: string | undefined, status: number | undefined): void => {
    const pause = pauseFor(deps.pauseMs ?? REFUSED_MS, MAX_REFUSED_MS, refusals);
    refusals += 1;
    refusedCredential = credential;
    logger.error('upstream refuses events; trying again later', {
      endpoint: family,
      status,
      pauseMs: Math.round(pause),
    });
  };

  const failed = (status: number | undefined): void => {
    // Several that fail at a time are one failure.
    if (performance.now() < pausedUntil) return;
    const pause = pauseFor(deps.failedMs ?? FAILED_MS, MAX_FAILED_MS, failures);
    if (failures === 0) {
      logger.warn('upstream does not take events; they are kept and tried again', {
        endpoint: family,
        status,
        pauseMs: Math.round(pause),
      });
    }
    failures += 1;
  };

  const works = (): void => {
    refusals = 0;
    failures = 0;
    pausedUntil = 0;
  };

  const lost = (count: number, reason: 'rejected' | 'too_large' | 'failed', status: number | undefined): void => {
    metrics.dropped(count, reason);
    logger.warn('events were lost', { endpoint: family, count, status, reason });
  };

  const isRefused = (): boolean => refusals > 0 && refusedCredential === credentialOf(family, environment);

  /**
   * Sends the events of a payload that upstream does not take in parts, half by half, so that only the events are lost that it does
   * not take.
   */
  const sendParts = async (
    whole: Parcel,
    post: (parcel: Parcel) => EventPost,
    first: SendResult,
    signal: AbortSignal,
  ): Promise<Parcel | undefined> => {
    const texts = await unpack(whole);
    const middle = Math.ceil(texts.length / 2);
    const ranges: [start: number, end: number][] = [
      [middle, texts.length],
      [0, middle],
    ];
    if (texts.length < 2) {
      lost(whole.count, first.outcome === 'too_large' ? 'too_large' : 'rejected', first.status);
      return undefined;
    }
    for (let posts = 1; ranges.length > 0; posts++) {
      const [start, end] = ranges.pop()!;
      const count = end - start;
      const part = await partOf(whole, texts.slice(start, end), () => {});
      const { outcome, status } = await sender.sendOnce(post(part), signal);
      switch (outcome) {
        case 'accepted':
          metrics.forwarded(count);
          break;
        case 'refused':
          refused(credentialOf(family, environment), status);
          metrics.dropped(texts.length - start, 'refused');
          return undefined;
        case 'failed':
          failed(status);
          return partOf(whole, texts.slice(start), whole.release);
        default:
          if (count > 1 && posts < MAX_PARTS) {
            const half = start + Math.ceil(count / 2);
            ranges.push([half, end], [start, half]);
          } else lost(count, outcome, status);
      }
    }
    return undefined;
  };

  /** What is to be tried again later, unless it is too old or there is no later. */
  const later = (parcel: Parcel, status: number | undefined, signal: AbortSignal): Parcel | undefined => {
    if (signal.aborted) metrics.dropped(parcel.count, 'shutdown');
    else if (performance.now() - parcel.since > maxAgeMs) lost(parcel.count, 'failed', status);
    else return parcel;
    parcel.release();
    return undefined;
  };

  return {
    pauseMs: () => {
      const left = pausedUntil - performance.now();
      // A new credential ends the pause that the old one had.
      return left <= 0 || (refusals > 0 && !isRefused()) ? 0 : left;
    },
    refuses: isRefused,
    fails: () => failures > 0,
    send: async (parcel, schema, tags, signal) => {
      const path = pathOf(family, environment);
      const credential = credentialOf(family, environment);
      if (path === undefined || (credential === undefined && family !== 'browser')) {
        metrics.dropped(parcel.count, 'refused');
        parcel.release();
        return {};
      }
      const post = ({ gzip, payloadId }: Parcel): EventPost => {
        const headers: Record<string, string> = {
          'user-agent': USER_AGENT,
          'x-launchdarkly-event-schema': String(schema),
          'x-launchdarkly-payload-id': payloadId,
        };
        if (tags !== '') headers['x-launchdarkly-tags'] = tags;
        if (credential !== undefined) headers.authorization = credential;
        return { url: joinUrl(deps.eventsUri, path), headers, gzip };
      };
      const result = await sender.send(post(parcel), signal);
      const { outcome, status, serverTime } = result;
      switch (outcome) {
        case 'accepted':
          works();
          metrics.forwarded(parcel.count);
          parcel.release();
          return { serverTime };
        case 'refused':
          refused(credential, status);
          metrics.dropped(parcel.count, 'refused');
          parcel.release();
          return {};
        case 'failed':
          failed(status);
          return { again: later(parcel, status, signal) };
        default: {
          const rest = await sendParts(parcel, post, result, signal);
          if (rest === undefined) parcel.release();
          return { again: rest && later(rest, status, signal), serverTime };
        }
      }
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

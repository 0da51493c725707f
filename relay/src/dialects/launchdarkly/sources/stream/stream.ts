import { type Backoff, createBackoff } from '@flagrelay/kube/backoff';
import type { Dispatcher } from 'undici';
import type { RefuseItem } from '../../../../data/data.ts';
import type { LinkError, LinkState } from '../../../../data/link.ts';
import type { Source, SourceSink } from '../../../../environment/source.ts';
import {
  type EventStream,
  InvalidEventError,
  openEventStream,
  type StreamFailure,
} from '../../../../sse/event-stream.ts';
import type { ServerSentEvent } from '../../../../sse/parser.ts';
import { refuseInto } from '../../../../store/refused-items.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import { USER_AGENT } from '../../../../version.ts';
import { readFlagMessage } from './message.ts';

/** After a refusal: the waits between tries, and how long a link has to last before they begin again; in ms. */
export const REFUSAL_WAITS = { baseMs: 30_000, maxMs: 300_000, resetAfterMs: 60_000 };

/** Dependencies of the flag stream of one environment. */
export interface StreamSourceOptions {
  /** Base of the stream service, without `/all`. */
  readonly uri: string;
  readonly sdkKey: string;
  /** Payload filter. */
  readonly filterKey?: string;
  readonly dispatcher?: Dispatcher;
  readonly logger: Logger;
  /** Silence after which the link counts as dead, in ms. */
  readonly silenceMs?: number;
  /** Characters of one event; absent: by the memory limit. */
  readonly maxEventLength?: number;
  readonly backoff?: Backoff;
  /** Waits after a refusal. */
  readonly refusals?: Backoff;
  /** Waits between tries; for tests. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** ms since the epoch; for tests. */
  readonly now?: () => number;
}

/**
 * The flag stream of LaunchDarkly for one environment (contract 5.1). A refused key turns it OFF until data arrive: it is
 * asked for again only now and then, because the refusal may have been a mistake that somebody fixes, or an upstream relay
 * that had no key yet.
 */
export function createStreamSource(options: StreamSourceOptions): Source {
  const { logger, now = Date.now } = options;
  const refuse = refuseInto(logger);
  let stream: EventStream | undefined;
  let state: LinkState = 'INITIALIZING';
  let wasValid = false;

  function failed(sink: SourceSink, failure: StreamFailure): void {
    const error: LinkError = {
      kind: failure.kind,
      time: now(),
      message: failure.message,
      ...(failure.statusCode === undefined ? {} : { statusCode: failure.statusCode }),
    };
    const fields = { kind: failure.kind, reason: failure.message };
    if (failure.permanent && state === 'OFF') {
      logger.warn('LaunchDarkly still refuses the SDK key', fields);
      return;
    }
    if (failure.permanent) logger.error('LaunchDarkly refused the SDK key; asking again only now and then', fields);
    else logger.warn('lost the flag stream, trying again', fields);
    if (failure.permanent) state = 'OFF';
    else if (state !== 'OFF') state = wasValid ? 'INTERRUPTED' : 'INITIALIZING';
    sink.link(state, error);
  }

  async function received(sink: SourceSink, event: ServerSentEvent): Promise<undefined> {
    const since = performance.now();
    const message = parse(event, (item) => {
      refuse(item);
      sink.refused?.(item);
    });
    if (!message) {
      logger.debug('ignored an event on the flag stream', { event: event.event });
      return;
    }
    if ('upsert' in message) {
      await sink.upsert(message.upsert, since);
      return;
    }
    await sink.put(message.put, since);
    if (state !== 'VALID') {
      state = 'VALID';
      wasValid = true;
      logger.info('receiving flag data', { flags: message.put.flags.size, segments: message.put.segments.size });
      sink.link('VALID');
    }
  }

  return {
    start(sink) {
      stream = openEventStream({
        url: streamUrl(options.uri, options.filterKey),
        headers: { authorization: options.sdkKey, 'user-agent': USER_AGENT },
        onEvent: (event) => received(sink, event),
        onFailure: (failure) => failed(sink, failure),
        ...(options.dispatcher ? { dispatcher: options.dispatcher } : {}),
        ...(options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }),
        ...(options.maxEventLength === undefined ? {} : { maxEventLength: options.maxEventLength }),
        ...(options.backoff ? { backoff: options.backoff } : {}),
        refusals: options.refusals ?? createBackoff(REFUSAL_WAITS),
        ...(options.delay ? { delay: options.delay } : {}),
      });
    },
    restart: () => stream?.restart(),
    async close() {
      await stream?.close();
    },
  };
}

/** `{uri}/all`, with the payload filter where there is one. */
export function streamUrl(uri: string, filterKey: string | undefined): string {
  const url = `${uri.replace(/\/+$/, '')}/all`;
  return filterKey === undefined ? url : `${url}?filter=${encodeURIComponent(filterKey)}`;
}

function parse(event: ServerSentEvent, refuse: RefuseItem): ReturnType<typeof readFlagMessage> {
  try {
    return readFlagMessage(event, refuse);
  } catch (error) {
    // The parser's message may quote flag data; its kind is enough for a log line.
    throw new InvalidEventError(`the "${event.event}" event cannot be read`, { cause: error });
  }
}

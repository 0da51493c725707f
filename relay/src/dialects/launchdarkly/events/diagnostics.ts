import { compress } from '../../../encoding/shared-body.ts';
import { ownBytes } from '../../../memory/own-bytes.ts';
import type { Share } from '../../../memory/shared-bytes.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { joinUrl } from './endpoint.ts';
import type { EventSender } from './sender.ts';
import type { EventMetrics } from './types.ts';

/** A diagnostic event as an SDK posted it. */
export interface DiagnosticPost {
  /** Of the events service, such as `/diagnostic`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Not compressed. */
  readonly body: Buffer;
}

/** Passes diagnostic events on. */
export interface DiagnosticsProxy {
  /** Sends it, now or when others have arrived; false when there is no room for it. */
  pass(post: DiagnosticPost, signal: AbortSignal): boolean;
}

/** Diagnostics on their way; more wait. */
const MAX_IN_FLIGHT = 20;
/** Around a diagnostic event, in bytes, roughly. */
const OVERHEAD_BYTES = 1_024;

/** Dependencies of the proxy. */
export interface DiagnosticsDeps {
  readonly sender: EventSender;
  /** Where the memory is taken from of those that wait or are on their way. */
  readonly share: Share;
  readonly metrics: Pick<EventMetrics, 'diagnosticDropped'>;
  readonly logger: Logger;
}

/** Sends each diagnostic event at once, as it came; a failure is only logged and counted (contract 5.3). */
export function createDiagnosticsProxy(
  eventsUri: string,
  { sender, share, metrics, logger }: DiagnosticsDeps,
): DiagnosticsProxy {
  const waiting: (() => Promise<void>)[] = [];
  let inFlight = 0;

  const next = (): void => {
    while (inFlight < MAX_IN_FLIGHT && waiting.length > 0) {
      inFlight += 1;
      void waiting.shift()!()
        .catch((error: unknown) => {
          metrics.diagnosticDropped('failed');
          logger.warn('a diagnostic event was lost', { error: String(error) });
        })
        .finally(() => {
          inFlight -= 1;
          next();
        });
    }
  };

  return {
    pass: ({ path, headers, body }, signal) => {
      const bytes = OVERHEAD_BYTES + body.length + headerBytes(headers);
      if (!share.take(bytes)) return false;
      const own = ownBytes(body);
      waiting.push(async () => {
        try {
          const gzip = await compress(own);
          const { outcome, status } = await sender.send({ url: joinUrl(eventsUri, path), headers, gzip }, signal);
          if (outcome === 'accepted') return;
          metrics.diagnosticDropped(signal.aborted ? 'shutdown' : outcome);
          logger.debug('a diagnostic event was lost', { reason: outcome, status });
        } finally {
          share.give(bytes);
        }
      });
      next();
      return true;
    },
  };
}

function headerBytes(headers: Readonly<Record<string, string>>): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + 2 * value.length, 0);
}

import type { Logger } from '../telemetry/logger.ts';
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
  pass(post: DiagnosticPost, signal: AbortSignal): void;
}

/** Diagnostics on their way; they tell nothing that could not be missed, so more are left out. */
const MAX_IN_FLIGHT = 20;

/** What the proxy needs. */
export interface DiagnosticsDeps {
  readonly sender: EventSender;
  readonly metrics: Pick<EventMetrics, 'diagnosticDropped'>;
  readonly logger: Logger;
}

/** Sends each diagnostic event at once, as it came; a failure is only logged and counted (contract 5.3). */
export function createDiagnosticsProxy(
  eventsUri: string,
  { sender, metrics, logger }: DiagnosticsDeps,
): DiagnosticsProxy {
  let inFlight = 0;
  return {
    pass: ({ path, headers, body }, signal) => {
      if (inFlight >= MAX_IN_FLIGHT) {
        metrics.diagnosticDropped('capacity');
        logger.debug('too many diagnostic events at a time; one was left out');
        return;
      }
      inFlight += 1;
      void sender
        .send({ url: joinUrl(eventsUri, path), headers, body }, signal)
        .then(({ outcome, status }) => {
          if (outcome === 'accepted') return;
          metrics.diagnosticDropped(signal.aborted ? 'shutdown' : outcome);
          logger.debug('a diagnostic event was lost', { reason: outcome, status });
        })
        .catch((error: unknown) => {
          metrics.diagnosticDropped('failed');
          logger.warn('a diagnostic event was lost', { error: String(error) });
        })
        .finally(() => {
          inFlight -= 1;
        });
    },
  };
}

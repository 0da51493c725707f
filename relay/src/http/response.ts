import { ServerResponse } from 'node:http';
import type { RouteStats } from '../telemetry/request-metrics.ts';

/** A response that records itself when it ends. A subclass, because a `finish` listener per request costs more. */
export class RelayResponse extends ServerResponse {
  /** Set by the dispatcher; answers of unknown paths count under their own name. */
  stats: RouteStats | undefined;
  readonly startedAt = performance.now();

  /** A stream opens: it counts now, and its end is not an answer that is timed. */
  opened(): void {
    this.stats?.count(200);
    this.stats = undefined;
  }

  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    this.stats?.record(this.statusCode, performance.now() - this.startedAt);
    this.stats = undefined;
    return super.end(chunk as string, encoding as BufferEncoding, callback as () => void);
  }
}

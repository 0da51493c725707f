/**
 * What one relay needs, as measured by this project: `relay/bench/RESULTS.md`, with the `medium` data set (200 flags).
 * Each is the worst of its rounds. Much larger data sets need `spec.resources`.
 */
export const measured = {
  /** Bytes that a relay with one environment has resident when nobody is connected ("idle RSS"). */
  baseBytes: 86e6,
  /** Bytes of evaluations that a relay keeps for contexts that come again: its `EVALUATION_CACHE_SIZE`. */
  evaluationCacheBytes: 16 * 2 ** 20,
  /** Bytes for each further environment ("PSS, 10 x medium" less "1 x medium", by nine). */
  environmentBytes: 5.1e6,
  /** Bytes of one open stream ("/all medium: memory of a stream", and `stream_kb` beside ld-relay). */
  streamBytes: 18.5e3,
  /** Bytes of one stream while all of them reconnect at once: peak RSS of a storm of 2,000, less the base. */
  stormStreamBytes: 27e3,
  /** Seconds of CPU to send one change to one stream ("/all medium: CPU of a delivery"). */
  deliverySeconds: 22.5e-6,
} as const;

/**
 * Streams that one process should have to carry at most; it is on one core: at this number a change is on its
 * way to all of them after 0.11 s, and letting all of them in again takes 1.9 s of its CPU (0.74 s for 2,000, measured).
 */
export const MAX_CONNECTIONS_PER_PROCESS = 5000;

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type JobTimer, jobTimer } from '../jobs/jobs.ts';

/** What requests are handed to. */
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** What {@link EarlyRequests} needs to know. */
export interface EarlyRequestsOptions {
  /** There is nothing more to wait for: each environment has data, or will not have any soon. */
  readonly settled: () => boolean;
  /** Requests are kept waiting until so many ms after the start at most. */
  readonly holdMs: number;
  /** Paths that begin so are about the relay itself, and are answered at once. */
  readonly ownPaths?: readonly string[];
}

/**
 * Keeps requests that come in the first moments of a process waiting until its environments have data. A container that is killed and
 * started again in its pod gets requests before Kubernetes has noticed: they would be told that nothing is there yet (503), a few
 * milliseconds before it is. What is asked of the relay itself is answered at once.
 *
 * One request waits on each connection at most, so that the number of connections bounds them.
 */
export class EarlyRequests {
  readonly #settled: () => boolean;
  readonly #waiting = new Set<() => void>();
  readonly #ownPaths: readonly string[];
  readonly #timer: JobTimer;
  #over = false;

  constructor({ settled, holdMs, ownPaths = [] }: EarlyRequestsOptions) {
    this.#settled = settled;
    this.#ownPaths = ownPaths;
    this.#timer = jobTimer(
      'early-requests',
      () => this.#release(),
      () => (this.#over ? undefined : holdMs),
    );
    this.#timer.arm(holdMs);
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#waiting.size;
  }

  /** A listener for `request` that hands on to another, now or when the time has come. */
  held(listener: Listener): Listener {
    return (request, response) => {
      this.look();
      if (this.#over || this.#isOwn(request.url ?? '')) {
        listener(request, response);
        return;
      }
      const go = (): void => {
        response.off('close', leave);
        listener(request, response);
      };
      const leave = (): void => void this.#waiting.delete(go);
      this.#waiting.add(go);
      response.once('close', leave);
    };
  }

  /** Hands on what waits if everything is settled. */
  look(): void {
    if (!this.#over && this.#settled()) this.#release();
  }

  /** The same where nothing needs to be done while nothing waits: each of a thousand environments calls it as it gets its data. */
  changed(): void {
    if (this.#waiting.size > 0) this.look();
  }

  /** Hands on what waits, and keeps nothing waiting any more. Idempotent. */
  close(): void {
    this.#release();
  }

  #isOwn(url: string): boolean {
    return this.#ownPaths.some((path) => url.startsWith(path));
  }

  #release(): void {
    this.#over = true;
    this.#timer.cancel();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const go of waiting) go();
  }
}

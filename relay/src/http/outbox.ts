import type { ServerResponse } from 'node:http';
import { jobOnceSoon, runJob } from '../jobs/jobs.ts';

/** An answer whose head is set and whose body waits for the end of the turn. */
interface Waiting {
  readonly response: ServerResponse;
  readonly body: string | Buffer | undefined;
  readonly encoding: BufferEncoding;
}

/** Answers wait no longer than this for others, in ms: for data sets whose answers take long. */
const MAX_WAIT_MS = 1;

let waiting: Waiting[] = [];
let since = 0;
const endInThisTurn = jobOnceSoon('answers', () => endWaiting());

/**
 * Ends a response at the end of this turn of the event loop, together with the others of the turn. Under load a turn reads from many
 * connections. To write each answer as soon as it is there wakes the client's core each time, which costs as much as all the rest of a
 * small answer; written one after the other, the first wakes it and finds it awake for the others. A turn with one request ends at once.
 */
export function endSoon(response: ServerResponse, body?: string | Buffer, encoding: BufferEncoding = 'utf8'): void {
  const first = waiting.push({ response, body, encoding }) === 1;
  if (first) {
    since = performance.now();
    endInThisTurn();
  } else if (performance.now() - since > MAX_WAIT_MS) {
    endWaiting();
  }
}

/** Ends all responses that wait, now. */
export function endWaiting(): void {
  const batch = waiting;
  waiting = [];
  for (const { response, body, encoding } of batch) {
    try {
      response.end(body, encoding);
    } catch (error) {
      // The others are other clients'.
      response.destroy();
      runJob('answers', () => {
        throw error;
      });
    }
  }
}

import { jobAfter } from '../../../jobs/jobs.ts';

/** Those who wait for room, first come first served. */
export interface Waiters {
  /**
   * Waits until `attempt` succeeds, which is tried when {@link Waiters.serve} is called and all who came before have succeeded.
   * @param ms at most
   * @param gone it is not wanted any more
   * @returns false when it did not succeed in time
   */
  wait(attempt: () => boolean, ms: number, gone: (() => boolean) | undefined): Promise<boolean>;
  /** There may be room now. */
  serve(): void;
  /** Nobody gets anything any more. */
  end(): void;
  readonly count: number;
}

interface Waiter {
  readonly attempt: () => boolean;
  readonly gone: (() => boolean) | undefined;
  readonly timer: NodeJS.Timeout;
  readonly answer: PromiseWithResolvers<boolean>;
}

/** Makes an empty line. */
export function createWaiters(): Waiters {
  const line = new Set<Waiter>();

  const leave = (waiter: Waiter, succeeded: boolean): void => {
    line.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.answer.resolve(succeeded);
  };

  return {
    get count() {
      return line.size;
    },
    wait: (attempt, ms, gone) => {
      const answer = Promise.withResolvers<boolean>();
      const timer = jobAfter('events-wait', ms, () => leave(waiter, false));
      const waiter: Waiter = { attempt, gone, timer, answer };
      line.add(waiter);
      return answer.promise;
    },
    serve: () => {
      for (const waiter of line) {
        if (waiter.gone?.() === true) {
          leave(waiter, false);
          continue;
        }
        let succeeded: boolean;
        try {
          succeeded = waiter.attempt();
        } catch (error) {
          // It is this one's mistake alone.
          line.delete(waiter);
          clearTimeout(waiter.timer);
          waiter.answer.reject(error);
          continue;
        }
        if (!succeeded) return;
        leave(waiter, true);
      }
    },
    end: () => {
      for (const waiter of line) leave(waiter, false);
    },
  };
}

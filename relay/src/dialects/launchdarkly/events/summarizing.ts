import type { DataSet } from '../../../data/data.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import type { Queue } from './queues.ts';
import type { Summarizer } from './summarizer.ts';
import type { EventEnvironment } from './types.ts';

/** Why a step of {@link summarizing} ended: all was taken, there is no room for the next event, or others have a turn. */
export type Stop = 'done' | 'full' | 'time';

/** A batch of an SDK that does not summarise, on its way into a summariser. */
export interface Summarizing {
  /** Takes events one after the other, for a few ms at most. */
  step(): Stop;
  /** Something of it was taken: the rest must be, or is lost. */
  readonly begun: boolean;
  /** Events that were not taken (yet). */
  readonly left: number;
  /** Events that cannot be read. */
  readonly invalid: number;
  /** Events that there could never be room for. */
  readonly tooLarge: number;
}

/** What {@link summarizing} works with. */
export interface SummarizingDeps {
  /** The events' texts. */
  readonly texts: readonly string[];
  /** Schema of the batch. */
  readonly schema: number;
  /** The flags, for what events leave out. */
  readonly data: DataSet | undefined;
  /** An event with more characters is too large. */
  readonly maxChars: number;
  /** Where events go; undefined when there is none (any more). */
  readonly queue: () => Queue | undefined;
  /** Sends what a full queue holds; false when it cannot be sent now. */
  readonly empty: (queue: Queue) => boolean;
  /** The last event of the batch was taken. */
  readonly taken: (queue: Queue) => void;
  readonly logger: Logger;
}

/** Summarising gives others a turn after this time, in ms; the clock is looked at after so many characters, and so many events. */
const TURN_MS = 10;
const LOOK_CHARS = 32 * 1024;
const LOOK_EVENTS = 64;

/** Begins with the first event of a batch. */
export function summarizing({ texts, schema, data, maxChars, ...deps }: SummarizingDeps): Summarizing {
  let at = 0;
  let invalid = 0;
  let tooLarge = 0;

  /** One event that cannot be read, for whatever reason, does not take its neighbours with it. */
  const addOne = (summarizer: Summarizer, text: string) => {
    try {
      return summarizer.add(text, schema, data, Date.now());
    } catch (error) {
      deps.logger.debug('an event could not be summarised', { error: (error as Error).name });
      return 'invalid';
    }
  };

  return {
    get begun() {
      return at > invalid + tooLarge;
    },
    get left() {
      return texts.length - at;
    },
    get invalid() {
      return invalid;
    },
    get tooLarge() {
      return tooLarge;
    },
    step: () => {
      const until = performance.now() + TURN_MS;
      const queue = deps.queue();
      if (queue?.summarizer === undefined) return 'full';
      let chars = 0;
      for (let count = 1; at < texts.length; at++, count++) {
        if ((count % LOOK_EVENTS === 0 || chars > LOOK_CHARS) && performance.now() > until) return 'time';
        const text = texts[at]!;
        chars += text.length;
        if (text.length > maxChars) {
          tooLarge += 1;
          continue;
        }
        const problem = addOne(queue.summarizer, text);
        if (problem === 'invalid') invalid += 1;
        else if (problem === 'full') {
          if (!deps.empty(queue)) return 'full';
          at -= 1;
        }
      }
      deps.taken(queue);
      return 'done';
    },
  };
}

/** The flags, if they can be had in time: without them the events still count. */
export async function lookUpFlags(
  environment: Pick<EventEnvironment, 'data'>,
  waitMs: number,
  logger: Logger,
): Promise<DataSet | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), waitMs);
  try {
    return await Promise.race([environment.data(), late.promise]);
  } catch (error) {
    logger.error('the flags for a batch of events could not be read', { error: String(error) });
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

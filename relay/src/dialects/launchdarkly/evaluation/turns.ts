import { memoryLimitBytes } from '../../../memory/limit.ts';
import { type Share, SharedBytes } from '../../../memory/shared-bytes.ts';
import { defaultContextBytes } from '../../../memory/shares.ts';

/**
 * A context whose text is longer is evaluated in turns with everything else. Below, no evaluation takes long enough for others to
 * notice; above, hashing, patterns and lists may.
 */
export const LARGE_CONTEXT_CHARS = 8 * 1024;

/** How long, in ms, others wait for an evaluation that takes turns with them. */
const TURN_MS = 8;

/** Of a character, as V8 may hold it; what is parsed of the texts takes several times as much. */
const BYTES_PER_CHAR = 2;

/** Too much waits already. To be answered with 503 and `Retry-After`. */
export class BusyError extends Error {
  override readonly name = 'BusyError';

  constructor() {
    super('too many large contexts are being evaluated');
  }
}

/** An evaluation that is not at its end. */
interface Evaluation {
  /** Goes on for a while; false when it has ended, however. */
  goOn(): boolean;
}

/** Evaluations of one owner, the first of which has begun perhaps, and its share of the memory. */
interface Line {
  readonly share: Share;
  readonly evaluations: Evaluation[];
}

// Turns belong to the process, as its event loop does.
let budget: SharedBytes | undefined;
let lines = new WeakMap<object, Line>();
/** Those with something to do; whose turn comes next is first. */
const order = new Set<Line>();
let running = false;
let done = 0;

/** Bounds in bytes what waits or is evaluated from now on; what is held already counts against the bound that it was taken from. */
export function limitTurns(bytes: number): void {
  budget = new SharedBytes(bytes);
  lines = new WeakMap();
}

/** The memory of the texts of large contexts that are evaluated or wait for it. */
export function turnsMemory(): SharedBytes {
  budget ??= new SharedBytes(defaultContextBytes(memoryLimitBytes()));
  return budget;
}

/** Evaluations that were done in turns since the process started. */
export function turnsDone(): number {
  return done;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function evaluationOf<T>(
  begin: () => Generator<void, T>,
  isWanted: () => boolean,
  { resolve, reject }: PromiseWithResolvers<T | undefined>,
): Evaluation {
  let steps: Generator<void, T> | undefined;
  return {
    goOn: () => {
      try {
        if (!isWanted()) {
          resolve(undefined);
          return false;
        }
        steps ??= begin();
        const end = performance.now() + TURN_MS;
        do {
          const step = steps.next();
          if (step.done === true) {
            done += 1;
            resolve(step.value);
            return false;
          }
        } while (performance.now() < end);
        return true;
      } catch (error) {
        reject(error);
        return false;
      }
    },
  };
}

function lineOf(owner: object): Line {
  let line = lines.get(owner);
  if (line === undefined) {
    line = { share: turnsMemory().share(), evaluations: [] };
    lines.set(owner, line);
  }
  return line;
}

/** A turn of each owner in turn, until nothing is left to do. */
async function runAll(): Promise<void> {
  running = true;
  for (const line of order) {
    await nextTurn();
    order.delete(line);
    if (!line.evaluations[0]!.goOn()) line.evaluations.shift();
    // Behind the others.
    if (line.evaluations.length > 0) order.add(line);
  }
  running = false;
}

/**
 * Runs an evaluation of a large context in turns with everything else that the process does. All such evaluations together take one turn at a
 * time, and their owners have it one after the other, however much one of them has to do.
 * @param owner whose context it is: the environment
 * @param chars length of the context's text
 * @param isWanted false when nobody waits for the result any more, which is then undefined
 * @throws {BusyError} when more waits than memory allows; and what the evaluation throws
 */
export async function inTurns<T>(
  owner: object,
  chars: number,
  begin: () => Generator<void, T>,
  isWanted: () => boolean,
): Promise<T | undefined> {
  const line = lineOf(owner);
  const bytes = chars * BYTES_PER_CHAR;
  if (!line.share.take(bytes)) throw new BusyError();
  const mine = Promise.withResolvers<T | undefined>();
  line.evaluations.push(evaluationOf(begin, isWanted, mine));
  order.add(line);
  if (!running) void runAll();
  try {
    return await mine.promise;
  } finally {
    line.share.give(bytes);
  }
}

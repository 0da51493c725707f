import { memoryLimitBytes } from '../memory/limit.ts';
import { type Share, SharedBytes } from '../memory/shared-bytes.ts';

/**
 * A context whose text is longer is evaluated in turns with everything else. Below, no evaluation takes long enough for others to
 * notice; above, hashing, patterns and lists may.
 */
export const LARGE_CONTEXT_CHARS = 8 * 1024;

/** How long, in ms, others wait for an evaluation that takes turns with them. */
const TURN_MS = 8;

/** Of the memory limit, for the texts of contexts that wait or are evaluated; what is parsed of them takes several times as much. */
const MEMORY_SHARE = 1 / 64;

/** Too much waits already. To be answered with 503 and `Retry-After`. */
export class BusyError extends Error {
  override readonly name = 'BusyError';

  constructor() {
    super('too many large contexts are being evaluated');
  }
}

/** What was done in turns, for metrics. */
export interface TurnsUse {
  readonly done: number;
  readonly refused: number;
  /** Characters of the contexts that wait or are evaluated. */
  readonly held: number;
}

/** Evaluations of one owner that wait, and its share of the memory. */
interface Line {
  readonly share: Share;
  readonly waiting: (() => Promise<void>)[];
}

// Turns belong to the process, as its event loop does.
let budget: SharedBytes | undefined;
const lines = new WeakMap<object, Line>();
/** Those with something that waits; whose turn comes next is first. */
const order = new Set<Line>();
let running = false;
let done = 0;

/** How it is used. */
export function turnsUse(): TurnsUse {
  return { done, refused: budget?.refused ?? 0, held: budget?.used ?? 0 };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function run<T>(begin: () => Generator<void, T>, isWanted: () => boolean): Promise<T | undefined> {
  const steps = begin();
  while (isWanted()) {
    const end = performance.now() + TURN_MS;
    do {
      const step = steps.next();
      if (step.done === true) {
        done += 1;
        return step.value;
      }
    } while (performance.now() < end);
    await nextTurn();
  }
  return undefined;
}

function lineOf(owner: object): Line {
  budget ??= new SharedBytes(Math.max(4 * 2 ** 20, Math.floor(memoryLimitBytes() * MEMORY_SHARE)));
  let line = lines.get(owner);
  if (line === undefined) {
    line = { share: budget.share(), waiting: [] };
    lines.set(owner, line);
  }
  return line;
}

/** One evaluation of each owner in turn, until nothing waits. */
async function runAll(): Promise<void> {
  running = true;
  for (const line of order) {
    await nextTurn();
    order.delete(line);
    const next = line.waiting.shift();
    // Behind the others.
    if (line.waiting.length > 0) order.add(line);
    await next?.();
  }
  running = false;
}

/**
 * Runs an evaluation of a large context in turns with everything else that the process does, one such evaluation at a time: so they take turns
 * with the others together, not each. Owners come one after the other, however much one of them has to do.
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
  if (!line.share.take(chars)) throw new BusyError();
  const mine = Promise.withResolvers<T | undefined>();
  // Whoever is next waits for the end, not for the result.
  line.waiting.push(() => run(begin, isWanted).then(mine.resolve, mine.reject));
  order.add(line);
  if (!running) void runAll();
  try {
    return await mine.promise;
  } finally {
    line.share.give(chars);
  }
}

import { ByteBudget } from '../memory/budget.ts';
import { memoryLimitBytes } from '../memory/limit.ts';
import { defaultContextBytes } from '../memory/shares.ts';

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

// Turns belong to the process, as its event loop does.
let budget: ByteBudget | undefined;
let last: Promise<unknown> = Promise.resolve();
let done = 0;

/** Bounds in bytes what waits or is evaluated from now on; what is held already counts against the bound that it was taken from. */
export function limitTurns(bytes: number): void {
  budget = new ByteBudget(bytes);
}

/** The memory of the texts of large contexts that are evaluated or wait for it. */
export function turnsMemory(): ByteBudget {
  budget ??= new ByteBudget(defaultContextBytes(memoryLimitBytes()));
  return budget;
}

/** Evaluations that were done in turns since the process started. */
export function turnsDone(): number {
  return done;
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

/**
 * Runs an evaluation of a large context in turns with everything else that the process does, one such evaluation at a time: so they take turns
 * with the others together, not each.
 * @param chars length of the context's text
 * @param isWanted false when nobody waits for the result any more, which is then undefined
 * @throws {BusyError} when more waits than memory allows; and what the evaluation throws
 */
export async function inTurns<T>(
  chars: number,
  begin: () => Generator<void, T>,
  isWanted: () => boolean,
): Promise<T | undefined> {
  const held = turnsMemory();
  const bytes = chars * BYTES_PER_CHAR;
  if (!held.take(bytes)) throw new BusyError();
  const mine = last.then(nextTurn).then(() => run(begin, isWanted));
  // Whoever is next waits for the end, not for the result.
  last = mine.then(
    () => undefined,
    () => undefined,
  );
  try {
    return await mine;
  } finally {
    held.give(bytes);
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work on more bytes than this waits for a turn of its own: it takes milliseconds. */
const LARGE_BYTES = 64 * 1024;

let last: Promise<unknown> = Promise.resolve();

/** Resolves in a turn of the event loop that nobody else gets who asks here, in the order in which they ask. */
export function ownTurn(): Promise<void> {
  const mine = last.then(() => nextTurn());
  last = mine;
  return mine;
}

/**
 * A turn for work on so many bytes: many large inputs that are there at the same time are worked on one in each turn, and what is small comes
 * between them. Undefined for what is small itself: now.
 */
export function turnFor(bytes: number): Promise<void> | undefined {
  return bytes > LARGE_BYTES ? ownTurn() : undefined;
}

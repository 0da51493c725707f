import type { ServerResponse } from 'node:http';

/** What one answer holds: a body that others may hold too, or bytes of its own. */
type Held = Buffer | { readonly length: number };

/**
 * Answers that their clients have not taken yet, all together bounded in memory: above the limit those that have waited longest are cut, so
 * that clients who read are served whatever others do. A body that several answers share counts once.
 */
export class UnreadAnswers {
  /** Bytes that may wait at a time; one answer may be larger by itself. */
  readonly limit: number;
  readonly #cut: () => void;
  /** In the order in which they came. */
  readonly #answers = new Map<ServerResponse, Held>();
  readonly #holders = new Map<Held, number>();
  #used = 0;

  /** @param cut called for each connection that is cut */
  constructor(limit: number, cut: () => void) {
    this.limit = limit;
    this.#cut = cut;
  }

  /** Bytes that wait now. */
  get used(): number {
    return this.#used;
  }

  /** Counts an answer that was ended and has not left, until it has or its connection is closed. */
  add(response: ServerResponse, body: unknown): void {
    const { socket } = response;
    if (socket === null || this.#answers.has(response)) return;
    const held = Buffer.isBuffer(body) ? body : { length: socket.writableLength };
    const holders = this.#holders.get(held) ?? 0;
    this.#holders.set(held, holders + 1);
    this.#answers.set(response, held);
    response.once('close', () => this.#remove(response));
    if (holders === 0) this.#used += held.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#used <= this.limit || oldest === response) break;
      const { socket: stuck } = oldest;
      this.#remove(oldest);
      this.#cut();
      stuck?.destroy();
    }
  }

  #remove(response: ServerResponse): void {
    const held = this.#answers.get(response);
    if (held === undefined) return;
    this.#answers.delete(response);
    const left = this.#holders.get(held)! - 1;
    if (left > 0) {
      this.#holders.set(held, left);
    } else {
      this.#holders.delete(held);
      this.#used -= held.length;
    }
  }
}

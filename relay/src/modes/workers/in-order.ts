import type { SourceSink } from '../../environment/source.ts';

/** One thing that is delivered into a sink. */
export type Delivery = (sink: SourceSink) => void | Promise<void>;

/** Delivers into a sink one thing at a time, in order. */
export class InOrder {
  readonly #sink: SourceSink;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(sink: SourceSink) {
    this.#sink = sink;
  }

  /** Resolves when it was delivered, or nothing is any more. */
  enqueue(deliver: Delivery): Promise<void> {
    this.#last = this.#last.then(() => (this.#closed ? undefined : deliver(this.#sink)));
    return this.#last;
  }

  /** Delivers nothing more; resolves when what is being delivered is. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#last;
  }
}

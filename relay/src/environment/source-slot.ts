import type { Source, SourceSink } from './source.ts';

/**
 * Holds the one source that feeds an environment, and during a key rotation its successor: what the old source says
 * counts until the new one has delivered its first data, so that nobody is without updates in between.
 */
export class SourceSlot {
  readonly #sink: SourceSink;
  #current: Source | undefined;
  #successor: Source | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(sink: SourceSink) {
    this.#sink = sink;
  }

  /** Starts `source`. With `overlap` the present one goes on until the new one delivers; without, it ends now. */
  replace(source: Source, overlap: boolean): void {
    this.#discard(this.#successor);
    this.#successor = undefined;
    if (overlap && this.#current !== undefined) {
      this.#successor = source;
    } else {
      this.#discard(this.#current);
      this.#current = source;
    }
    source.start({
      put: (data, since) => {
        if (source === this.#successor) this.#promote();
        return source === this.#current ? this.#sink.put(data, since) : undefined;
      },
      upsert: (item, since) => (source === this.#current ? this.#sink.upsert(item, since) : undefined),
      refused: (item) => {
        if (source === this.#current) this.#sink.refused?.(item);
      },
      link: (state, error) => {
        // A successor that upstream refuses takes over, too: the old key is on its way out.
        if (source === this.#successor && state === 'OFF') this.#promote();
        if (source === this.#current) this.#sink.link(state, error);
      },
    });
  }

  /** Asks for everything again. */
  restart(): void {
    this.#current?.restart();
  }

  /** Ends the sources; the slot can be filled again. */
  clear(): void {
    this.#discard(this.#successor);
    this.#discard(this.#current);
    this.#successor = undefined;
    this.#current = undefined;
  }

  /** Ends the sources and waits until they have. */
  async close(): Promise<void> {
    this.clear();
    await Promise.all(this.#closing);
  }

  #promote(): void {
    this.#discard(this.#current);
    this.#current = this.#successor;
    this.#successor = undefined;
  }

  #discard(source: Source | undefined): void {
    if (source === undefined) return;
    const closing = source.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

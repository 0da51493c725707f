import type { LinkError, LinkState } from '../data/link.ts';
import type { Source, SourceSink } from './source.ts';

/** What a slot tells its environment beside what its source says. */
export interface SlotSink extends SourceSink {
  /** Upstream refuses the successor: the present source goes on, and the successor is asked for again by itself. */
  successorRefused(error: LinkError | undefined): void;
}

/**
 * Holds the one source that feeds an environment, and during a key rotation its successor: what the old source says
 * counts until the new one has delivered its first data, so that nobody is without updates in between. A successor that upstream refuses
 * changes nothing as long as the old source is not refused, too.
 */
export class SourceSlot {
  readonly #sink: SlotSink;
  #current: Source | undefined;
  #successor: Source | undefined;
  /** What the successor said last of its link. */
  #successorLink: { readonly state: LinkState; readonly error: LinkError | undefined } | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(sink: SlotSink) {
    this.#sink = sink;
  }

  /** Starts `source`. With `overlap` the present one goes on until the new one delivers; without, it ends now. */
  replace(source: Source, overlap: boolean): void {
    this.#discard(this.#successor);
    this.#successor = undefined;
    this.#successorLink = undefined;
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
      link: (state, error) => this.#linked(source, state, error),
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

  #linked(source: Source, state: LinkState, error: LinkError | undefined): void {
    if (source === this.#successor) {
      this.#successorLink = { state, error };
      if (state === 'OFF') this.#sink.successorRefused(error);
      return;
    }
    if (source !== this.#current) return;
    const next = this.#successorLink;
    if (state === 'OFF' && this.#successor !== undefined) {
      // Nothing more comes from the old one: what the new one says counts, be it that it is refused as well.
      this.#promote();
      if (next === undefined) return;
      this.#sink.link(next.state, next.error);
    } else {
      this.#sink.link(state, error);
    }
  }

  #promote(): void {
    this.#discard(this.#current);
    this.#current = this.#successor;
    this.#successor = undefined;
    this.#successorLink = undefined;
  }

  #discard(source: Source | undefined): void {
    if (source === undefined) return;
    const closing = source.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

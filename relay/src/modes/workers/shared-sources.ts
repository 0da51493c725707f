import type { DataSet } from '../../data/data.ts';
import { withFormer, withItem } from '../../data/data.ts';
import type { LinkError, LinkState } from '../../data/link.ts';
import type { Definition, DefinitionRules } from '../../environment/definition.ts';
import type { Source, SourceSink } from '../../environment/source.ts';
import { type Delivery, InOrder } from './in-order.ts';

/** One worker's share of a source. */
export interface Subscription {
  /** Delivers everything to this worker again; upstream is not asked. */
  restart(): void;
  /** Nothing is delivered any more; the source ends with its last subscription. */
  close(): void;
}

/** One source for each environment and key, however many workers there are. */
export interface SharedSources<D extends Definition = Definition> {
  /**
   * Delivers into `sink`, what is known already first. Calls come one at a time and in upstream order. The source waits for
   * its slowest subscriber.
   */
  subscribe(definition: D, sink: SourceSink): Subscription;
  /** Ends all sources. */
  close(): Promise<void>;
}

/** A worker that comes later hears of so many refused items. */
const MAX_REFUSED = 100;

interface Link {
  readonly state: LinkState;
  readonly error: LinkError | undefined;
}

/** Makes {@link SharedSources} of the sources that `createSource` makes. */
export function createSharedSources<D extends Definition>(
  createSource: (definition: D) => Source,
  rules: Pick<DefinitionRules<D>, 'source'>,
): SharedSources<D> {
  /** Sources are shared as long as the environment is the same and its data come from the same place. */
  const keyOf = (definition: D): string => JSON.stringify([definition.id, rules.source(definition) ?? null]);
  const shared = new Map<string, SharedSource>();
  const closing = new Set<Promise<void>>();

  const discard = (key: string, source: SharedSource): void => {
    shared.delete(key);
    const done = source.close().finally(() => closing.delete(done));
    closing.add(done);
  };

  return {
    subscribe(definition, sink) {
      const key = keyOf(definition);
      let source = shared.get(key);
      if (source === undefined) {
        source = new SharedSource(createSource(definition));
        shared.set(key, source);
      }
      return source.subscribe(sink, () => {
        const now = shared.get(key);
        if (now !== undefined && now.subscribers === 0) discard(key, now);
      });
    },
    async close() {
      for (const [key, source] of shared) discard(key, source);
      await Promise.all(closing);
    },
  };
}

/** A source and those who listen to it. */
class SharedSource {
  readonly #source: Source;
  readonly #subscribers = new Set<InOrder>();
  #data: DataSet | undefined;
  #link: Link | undefined;

  constructor(source: Source) {
    this.#source = source;
    source.start({
      put: (data) => {
        this.#data = data.refused === undefined ? data : { ...withFormer(data, this.#data), refused: data.refused };
        return this.#all((sink) => sink.put(data));
      },
      upsert: (item) => {
        if (this.#data !== undefined) this.#data = withItem(this.#data, item) ?? this.#data;
        return this.#all((sink) => sink.upsert(item));
      },
      refused: (item) => {
        if (this.#data !== undefined) {
          const others = (this.#data.refused ?? []).filter(({ kind, key }) => kind !== item.kind || key !== item.key);
          this.#data = { ...this.#data, refused: [item, ...others].slice(0, MAX_REFUSED) };
        }
        void this.#all((sink) => sink.refused?.(item));
      },
      link: (state, error) => {
        this.#link = { state, error };
        void this.#all((sink) => sink.link(state, error));
      },
    });
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  subscribe(sink: SourceSink, closed: () => void): Subscription {
    const subscriber = new InOrder(sink);
    this.#subscribers.add(subscriber);
    this.#replay(subscriber);
    return {
      restart: () => this.#replay(subscriber),
      close: () => {
        void subscriber.close();
        if (this.#subscribers.delete(subscriber)) closed();
      },
    };
  }

  close(): Promise<void> {
    for (const subscriber of this.#subscribers) void subscriber.close();
    this.#subscribers.clear();
    return this.#source.close();
  }

  #replay(subscriber: InOrder): void {
    const data = this.#data;
    const link = this.#link;
    if (data !== undefined) void subscriber.enqueue((sink) => sink.put(data));
    if (link !== undefined) void subscriber.enqueue((sink) => sink.link(link.state, link.error));
  }

  async #all(deliver: Delivery): Promise<void> {
    await Promise.all([...this.#subscribers].map((subscriber) => subscriber.enqueue(deliver)));
  }
}

import type { DataSet } from '../../../../data/data.ts';
import type { Source, SourceSink } from '../../../../environment/source.ts';

/** The data of each environment, and the sources that follow it. */
export interface Feeds {
  /** New data of an environment; goes to its sources. */
  set(id: string, data: DataSet): void;
  /** Forgets all other environments. */
  keep(ids: ReadonlySet<string>): void;
  sourceFor(id: string): Source;
}

/** Feeds without data. */
export function createFeeds(): Feeds {
  const latest = new Map<string, DataSet>();
  const listeners = new Map<string, Set<() => void>>();

  function sourceFor(id: string): Source {
    let sink: SourceSink | undefined;
    let valid = false;
    let delivering: Promise<void> = Promise.resolve();

    async function deliverNow(): Promise<void> {
      const data = latest.get(id);
      if (!sink || !data) return;
      await sink.put(data);
      if (!valid) sink?.link('VALID');
      valid = true;
    }
    /** A failed store is the store's business: it asks for everything again when it is back. */
    const deliver = (): void => {
      delivering = delivering.then(deliverNow).catch((error: Error) => {
        valid = false;
        sink?.link('INTERRUPTED', { kind: 'STORE_ERROR', time: Date.now(), message: error.message });
      });
    };

    return {
      start(target) {
        sink = target;
        const mine = listeners.get(id);
        if (mine) mine.add(deliver);
        else listeners.set(id, new Set([deliver]));
        deliver();
      },
      restart: deliver,
      async close() {
        sink = undefined;
        const mine = listeners.get(id);
        mine?.delete(deliver);
        if (mine?.size === 0) listeners.delete(id);
        await delivering;
      },
    };
  }

  return {
    set(id, data) {
      latest.set(id, data);
      for (const deliver of listeners.get(id) ?? []) deliver();
    },
    keep(ids) {
      for (const id of [...latest.keys()]) if (!ids.has(id)) latest.delete(id);
    },
    sourceFor,
  };
}

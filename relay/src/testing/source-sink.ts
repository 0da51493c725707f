import type { DataSet, Item } from '../data/data.ts';
import type { LinkError, LinkState } from '../data/link.ts';
import type { SourceSink } from '../environment/source.ts';

/** One call that a {@link recordingSink} got. */
export type SinkCall =
  | { readonly put: DataSet }
  | { readonly upsert: Item }
  | { readonly link: LinkState; readonly error?: LinkError | undefined };

/** A sink that keeps what a source tells it, and lets a test wait for the next call. */
export function recordingSink(): SourceSink & { readonly calls: SinkCall[]; next(): Promise<SinkCall> } {
  const calls: SinkCall[] = [];
  const unread: SinkCall[] = [];
  const waiting: ((call: SinkCall) => void)[] = [];
  const record = (call: SinkCall): void => {
    calls.push(call);
    const taker = waiting.shift();
    if (taker) taker(call);
    else unread.push(call);
  };
  return {
    calls,
    next() {
      const call = unread.shift();
      return call ? Promise.resolve(call) : new Promise((resolve) => waiting.push(resolve));
    },
    put: (put) => record({ put }),
    upsert: (upsert) => record({ upsert }),
    link: (link, error) => record({ link, error }),
  };
}

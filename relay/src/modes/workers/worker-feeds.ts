import type { Feeds } from '../../dialects/dialect.ts';
import type { Definition, DefinitionChanges, DefinitionSink } from '../../environment/definition.ts';
import type { Source } from '../../environment/source.ts';
import { type Delivery, InOrder } from './in-order.ts';
import type { FromPrimary, FromWorker } from './messages.ts';

/** What a worker is fed with: everything that comes from upstream comes by way of the primary. */
export interface WorkerFeeds<D extends Definition> {
  readonly feeds: Feeds<D>;
  /** Takes a message of the primary; false when it is not about feeds. */
  take(message: FromPrimary): boolean;
}

/** Makes the feeds of a worker over the channel to the primary, which has the same dialect: its definitions come as they are. */
export function createWorkerFeeds<D extends Definition>(send: (message: FromWorker) => void): WorkerFeeds<D> {
  let sink: DefinitionSink<D> | undefined;
  const sources = new Map<number, InOrder>();
  let next = 0;

  const createSource: Feeds<D>['createSource'] = (definition): Source => {
    next += 1;
    const source = next;
    return {
      start(target) {
        sources.set(source, new InOrder(target));
        send({ type: 'open', source, definition });
      },
      restart: () => send({ type: 'restart', source }),
      async close() {
        const inbox = sources.get(source);
        if (inbox === undefined) return;
        sources.delete(source);
        send({ type: 'closed', source });
        await inbox.close();
      },
    };
  };

  /** Acknowledges what was applied, and what nobody wants any more. */
  const deliver = ({ source, ack }: { readonly source: number; readonly ack: number }, apply: Delivery): void => {
    const done = sources.get(source)?.enqueue(apply) ?? Promise.resolve();
    void done.finally(() => send({ type: 'ack', ack }));
  };

  return {
    feeds: {
      createSource,
      definitions: {
        start(target) {
          sink = target;
          return Promise.resolve();
        },
        close() {
          sink = undefined;
          return Promise.resolve();
        },
      },
    },
    take(message) {
      switch (message.type) {
        case 'definitions':
          sink?.replace(message.definitions as readonly D[]);
          return true;
        case 'changes':
          sink?.change(message.changes as DefinitionChanges<D>);
          return true;
        case 'refused':
          sink?.refused?.(message.entries);
          return true;
        case 'put':
          deliver(message, (target) => target.put(message.data));
          return true;
        case 'item':
          deliver(message, (target) => target.upsert(message.item));
          return true;
        case 'item-refused':
          void sources.get(message.source)?.enqueue((target) => target.refused?.(message.item));
          return true;
        case 'link':
          void sources.get(message.source)?.enqueue((target) => target.link(message.state, message.error));
          return true;
        default:
          return false;
      }
    },
  };
}

import type { MetricObject } from 'prom-client';
import type { RelayConfig } from '../../config/document.ts';
import type { DataSet, Item, RefusedItem } from '../../data/data.ts';
import type { LinkError, LinkState } from '../../data/link.ts';
import type { Definition, DefinitionChanges } from '../../environment/definition.ts';
import type { InstanceFacts } from '../../health/report-item.ts';

/** What a worker is told first. */
export interface WorkerStart {
  readonly config: RelayConfig;
  /** Port of the SDK listener that all workers share; 0: any free one, which is then the others' port. */
  readonly port: number;
  /** One worker of the pod keeps up to date what all share: the snapshot on disk, and what else is in Redis. */
  readonly lead: boolean;
}

/**
 * What the primary says to a worker. `source` is the number that the worker gave the source; what carries an `ack` is
 * answered by it once it was applied, which is the back-pressure towards upstream.
 */
export type FromPrimary =
  | { readonly type: 'start'; readonly start: WorkerStart }
  | { readonly type: 'definitions'; readonly definitions: readonly Definition[] }
  | { readonly type: 'changes'; readonly changes: DefinitionChanges }
  | { readonly type: 'refused'; readonly entries: ReadonlyMap<string, string> }
  | { readonly type: 'put'; readonly source: number; readonly ack: number; readonly data: DataSet }
  | { readonly type: 'item'; readonly source: number; readonly ack: number; readonly item: Item }
  | { readonly type: 'item-refused'; readonly source: number; readonly item: RefusedItem }
  | {
      readonly type: 'link';
      readonly source: number;
      readonly state: LinkState;
      readonly error: LinkError | undefined;
    }
  | { readonly type: 'noticed'; readonly id: string }
  | { readonly type: 'metrics'; readonly ack: number }
  | { readonly type: 'drain' }
  | { readonly type: 'close' };

/** What a worker says to the primary. */
export type FromWorker =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'open'; readonly source: number; readonly definition: Definition }
  | { readonly type: 'restart'; readonly source: number }
  | { readonly type: 'closed'; readonly source: number }
  | { readonly type: 'ack'; readonly ack: number }
  | { readonly type: 'facts'; readonly facts: WorkerFacts }
  /** The outlet of this environment noticed something that concerns its clients in all workers. */
  | { readonly type: 'noticed'; readonly id: string }
  | { readonly type: 'metrics'; readonly ack: number; readonly metrics: readonly MetricObject[] }
  | { readonly type: 'drained' }
  /** The worker cannot start or go on, and another one could not either. */
  | { readonly type: 'fatal'; readonly message: string };

/** How a worker does. */
export interface WorkerFacts extends InstanceFacts {
  /** Why it is not ready, or `ok`. */
  readonly reason: string;
}

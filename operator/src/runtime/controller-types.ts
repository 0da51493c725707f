import type { Logger } from './logger.ts';
import type { KubernetesObject } from './objects.ts';
import type { Priority } from './queue-types.ts';
import type { Change, Informer } from './store-types.ts';

/** What a successful reconcile asks for. */
export interface ReconcileResult {
  /** Look again after this time, in ms, even if nothing changes. */
  readonly requeueAfterMs?: number | undefined;
}

/** What a reconcile gets beside its key. */
export interface ReconcileContext {
  /** Aborts when the reconcile took too long or the process stops for good. */
  readonly signal: AbortSignal;
  /** Carries controller, key and reconcile id. */
  readonly logger: Logger;
  /** Failures of this key in a row before this attempt. */
  readonly retries: number;
}

/**
 * Makes the world match one object. Called for one key by one worker at a time. Throwing requeues with backoff;
 * throwing TerminalError does not requeue until the object changes.
 */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult | undefined>;

/** Failing again is certain until something changes: counted, logged, not retried. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** How changes of one kind become keys of a controller. */
export interface WatchRule<T extends KubernetesObject> {
  /** Keys to reconcile for a change. Default: the object's own key. For `updated` it is asked with the old object too. */
  readonly map?: (object: T) => readonly string[];
  /** False leaves a change out. Default: all. */
  readonly predicate?: (change: Change<T>) => boolean;
}

/** A queue, its sources and its workers. */
export interface Controller {
  readonly name: string;
  /** Feeds changes of an informer into the queue. Call before the manager runs. */
  watch<T extends KubernetesObject>(informer: Informer<T>, rule?: WatchRule<T>): void;
  /** Informers it watches, which must have synced before its workers start. */
  readonly informers: readonly Informer<KubernetesObject>[];
  enqueue(key: string, priority?: Priority): void;
  enqueueAfter(key: string, delayMs: number): void;
  /**
   * Works until `stop` aborts, then lets running reconciles finish until `kill` aborts and resolves.
   * Never rejects for a failing reconcile. The manager calls it.
   */
  run(stop: AbortSignal, kill: AbortSignal): Promise<void>;
}

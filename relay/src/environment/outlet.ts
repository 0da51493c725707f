import type { Compiled, Item } from '../data/data.ts';
import type { CredentialDigest, Definition } from './definition.ts';

/**
 * Where an environment's data go: streams, and what else a dialect keeps up to date with them. Calls come in the order of the
 * source, once for each change and never for each client. They may not throw.
 */
export interface Outlet<C extends Compiled = Compiled> {
  /** Open streams. */
  readonly streams: number;
  /** Data of an earlier run, or of a store, are served until the source has delivered. */
  loaded(data: C): void;
  /** Everything is new. @param since when its message had come, as `performance.now()` counts */
  put(data: C, since: number): void;
  /**
   * One item is new, or may be.
   * @param data what is served now; undefined: the store could not take the item, which clients get all the same
   * @param since as with {@link put}
   */
  changed(item: Item, data: C | undefined, since: number): void;
  /** The credential opens the environment no more: streams that it opened end. */
  revoked(credential: CredentialDigest): void;
  /** The outlet of this environment in another worker has noticed something that concerns the clients of all. */
  noticed(): void;
  /** Ends the streams at once, and resolves when everything else has ended. Nothing is called after it. */
  close(): Promise<void>;
}

/** The types that go together in one dialect. */
export interface Family {
  readonly definition: Definition;
  readonly compiled: Compiled;
  readonly outlet: Outlet;
}

/** The same dialect where nobody is served, such as in daemon mode. */
export interface Unserved<F extends Family> extends Family {
  readonly definition: F['definition'];
  readonly compiled: F['compiled'];
}

const nothing = (): void => {};

/** The outlet of an environment that serves nobody. */
export const NO_OUTLET: Outlet = {
  streams: 0,
  loaded: nothing,
  put: nothing,
  changed: nothing,
  revoked: nothing,
  noticed: nothing,
  close: () => Promise.resolve(),
};

import type { KubernetesObject, ObjectRef, ResourceType } from './objects.ts';

/** Options of every call. */
export interface CallOptions {
  /** Ends the call early; it then throws TransportError `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline of the whole call, retries included, in ms. Default: the client's (30 000). */
  readonly deadlineMs?: number | undefined;
}

/** A subresource, such as `status`, `scale` or `eviction`. An object of another kind (Scale, Eviction) names its own apiVersion and kind. */
export interface SubresourceOption {
  readonly subresource?: string | undefined;
}

/** Options of server-side apply. */
export interface ApplyOptions extends CallOptions, SubresourceOption {
  /** Default: the client's field manager. */
  readonly fieldManager?: string | undefined;
  /** Takes fields over from other managers. Default false: a field of another manager is a 409 (`isConflict`). */
  readonly force?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Options of create and replace. */
export interface WriteOptions extends CallOptions, SubresourceOption {
  readonly fieldManager?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/** One JSON Patch operation (RFC 6902). */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** A patch: an RFC 6902 list of operations or an RFC 7396 merge document. */
export type Patch =
  | { readonly type: 'json'; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: 'merge'; readonly body: object };

/** Options of delete. */
export interface DeleteOptions extends CallOptions {
  /** Deletes only this very object: 409 otherwise. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  /** Default `Background`. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

/** What to list or watch. */
export interface Selection {
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** Options of list. */
export interface ListOptions extends CallOptions, Selection {
  /** Objects a page. Default 500. All pages are read. */
  readonly pageSize?: number | undefined;
  /** `0` allows an answer from the server's cache; undefined asks for the newest. */
  readonly resourceVersion?: string | undefined;
}

/** A whole list, all pages together. */
export interface ObjectList<T> {
  readonly items: T[];
  /** The version at which a watch goes on from this list. */
  readonly resourceVersion: string;
}

/** Options of watch. A watch has no deadline: it ends after `timeoutSeconds`, by silence, by abort or by an error. */
export interface WatchOptions extends Selection {
  readonly signal: AbortSignal;
  readonly resourceVersion?: string | undefined;
  /** The server closes the watch after this time. */
  readonly timeoutSeconds: number;
  /** Asks for the initial state as ADDED events, closed by an annotated bookmark. */
  readonly sendInitialEvents?: boolean | undefined;
  /** The watch fails with TransportError `deadline` when no byte came for this long, in ms. */
  readonly inactivityMs: number;
}

/** One event of a watch. ERROR events do not come here: they are thrown as ApiError. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/**
 * Calls on the API server for any kind. Every method throws ApiError when the server refuses, TransportError when no
 * usable answer came and, in a fenced client, FencedError when a write is no longer allowed. 429 and 503 with
 * Retry-After are waited for and tried again within the deadline; a 401 re-reads the token and is tried again once.
 */
export interface RestClient {
  get<T extends KubernetesObject>(
    type: ResourceType<T>,
    ref: ObjectRef,
    options?: CallOptions & SubresourceOption,
  ): Promise<T>;
  /** Reads all pages. A list that expires between pages is begun again once. */
  list<T extends KubernetesObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubernetesObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** Update (PUT); `metadata.resourceVersion` in the object makes it conditional. */
  replace<T extends KubernetesObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** Server-side apply; `apiVersion` and `kind` are filled in. Answers the object as stored. */
  apply<T extends KubernetesObject>(type: ResourceType<T>, object: T, options?: ApplyOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    type: ResourceType<T>,
    ref: ObjectRef,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  /** Deletes; resolves to false when the object was not there. */
  delete(type: ResourceType, ref: ObjectRef, options?: DeleteOptions): Promise<boolean>;
  /** Opens a watch; the iterator ends when the server closes it. */
  watch<T extends KubernetesObject>(type: ResourceType<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** True when the server serves this kind in this version (discovery, not cached). */
  serves(type: ResourceType, options?: CallOptions): Promise<boolean>;
  /** GET of any path, for example `/version` or `/livez`; the body as text. */
  getText(path: string, options?: CallOptions): Promise<string>;
  /**
   * A client whose writes are refused with FencedError, up to the moment of sending, when `mayWrite` says false.
   * `budgetMs` bounds the deadline of each write, and the server gives up on it at the same time.
   */
  fenced(mayWrite: () => boolean, budgetMs?: () => number): RestClient;
}

import { type Backoff, createBackoff } from '@flagrelay/kube/backoff';
import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../../../config/document.ts';
import { trySecretFile } from '../../../../config/secrets.ts';
import type { DefinitionSink, DefinitionSource } from '../../../../environment/definition.ts';
import { StartupError } from '../../../../errors.ts';
import { type FileWatch, watchFiles } from '../../../../files/watch.ts';
import { jobAfter } from '../../../../jobs/jobs.ts';
import {
  type EventStream,
  InvalidEventError,
  openEventStream,
  type StreamFailure,
} from '../../../../sse/event-stream.ts';
import type { ServerSentEvent } from '../../../../sse/parser.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import { USER_AGENT } from '../../../../version.ts';
import { REFUSAL_WAITS } from '../stream/stream.ts';
import { fileCache, type ListCache } from './cache.ts';
import { type CacheKeeper, createCacheKeeper } from './cache-keeper.ts';
import {
  createEnvironmentList,
  type EnvironmentList,
  type ListChange,
  type ListMessage,
  type StoredList,
} from './list.ts';
import { type AutoConfigMessage, readAutoConfigMessage } from './message.ts';
import { nextPhase, type Phase, refusalIn, verdictOn, wantsCache } from './phase.ts';

/** How long the first list may take before the cached one is used, and the start goes on without, in ms. */
const FIRST_LIST_MS = 2_000;

/** Dependencies of AutoConfig. */
export interface AutoConfigDeps {
  /** Base of the stream service. */
  readonly streamUri: string;
  readonly dispatcher?: Dispatcher;
  readonly logger: Logger;
  /** The key was refused before any list had come, but after `start` had resolved: the process must end (contract 8.2). */
  readonly onFatal?: (error: StartupError) => void;
  /** Called at each look with why the key's file cannot be used; undefined while it can be. */
  readonly onAbsent?: (problem: string | undefined) => void;
  /** A cache that other relays read and write, too; closed with AutoConfig. */
  readonly sharedCache?: ListCache;
  /** Characters of one event; absent: by the memory limit. */
  readonly maxEventLength?: number;
  readonly firstListMs?: number;
  readonly silenceMs?: number;
  readonly newBackoff?: () => Backoff;
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How often the key's file is looked at although nothing was said, in ms. */
  readonly pollMs?: number;
}

/**
 * Environments from LaunchDarkly's AutoConfig stream (contract 8). `start` resolves with the first list, or when that
 * takes a while; it throws a StartupError when the key is refused. With a cache the last list is kept, encrypted,
 * and used while LaunchDarkly cannot be reached.
 */
export function createAutoConfig(
  config: NonNullable<RelayConfig['autoConfig']>,
  deps: AutoConfigDeps,
): DefinitionSource {
  const { logger } = deps;
  let phase: Phase = 'starting';
  let sink: DefinitionSink | undefined;
  let list: EnvironmentList = createEnvironmentList(config);
  /** How many refused entries the sink knows of. */
  let refusedTold = 0;
  let key: string | undefined;
  /** Why the key's file cannot be used. */
  let lastProblem: string | undefined;
  let stream: EventStream | undefined;
  let closing: Promise<void> = Promise.resolve();
  let watch: FileWatch | undefined;
  /** The one that others write, too, first: it is the newest. */
  const caches: readonly ListCache[] = [
    ...(deps.sharedCache === undefined ? [] : [deps.sharedCache]),
    ...(config.cacheFile === undefined ? [] : [fileCache(config.cacheFile)]),
  ];
  const keepers: readonly CacheKeeper[] = caches.map((cache) =>
    createCacheKeeper({ cache, list: () => list.stored(), logger }),
  );
  const first = Promise.withResolvers<void>();

  /** The start of the relay waits for the first list no longer than it has to. */
  function enter(next: Phase): void {
    phase = next;
    if (phase !== 'starting') first.resolve();
  }

  function deliver(change: ListChange): void {
    tellRefusals();
    if (change.kind === 'whole') sink?.replace(list.definitions());
    if (change.kind === 'part') sink?.change(change);
  }

  function tellRefusals(): void {
    const refused = list.refused();
    if (refused.size > 0 || refusedTold > 0) sink?.refused?.(refused);
    refusedTold = refused.size;
  }

  function take(message: AutoConfigMessage): undefined | 'reconnect' {
    if (message.kind === 'reconnect') return 'reconnect';
    if (message.kind === 'ignored') {
      logger.warn('ignored a message of the AutoConfig stream', { reason: message.reason });
      return;
    }
    tellUnusable(message);
    switch (verdictOn(phase, message.kind)) {
      case 'early':
        logger.warn('ignored a change that came before the list of environments');
        return;
      case 'begin':
        list = createEnvironmentList(config, list.stored().environments);
        enter(nextPhase(phase, 'listed'));
        apply(message);
        return;
      case 'apply':
        apply(message);
        return;
    }
  }

  /** @throws InvalidEventError for an entry that cannot be used */
  function apply(message: ListMessage): void {
    const change = list.apply(message, Date.now());
    if (change.kind === 'stale') logger.info('ignored a message about an old version', { kind: message.kind });
    deliver(change);
    // The list that comes when the stream is opened again may have it in a form that can be used.
    if (change.kind === 'refused') throw new InvalidEventError('an entry of the list cannot be used');
    if (change.kind === 'stale') return;
    logger.info('the list of environments changed', { change: message.kind, environments: list.size });
    const secret = config.cacheEncryptionKey ?? key;
    if (secret !== undefined) for (const keeper of keepers) keeper.changed(secret);
  }

  /** @throws InvalidEventError for a put of which nothing at all can be used: what was known serves on */
  function tellUnusable(message: ListMessage): void {
    const tell = (what: 'environments' | 'filters', id: string, reason: string): void =>
      logger.error('an entry of the AutoConfig list cannot be used; its former state stays', { what, id, reason });
    if (message.kind === 'refused') tell(message.what, message.id, message.reason);
    if (message.kind !== 'put') return;
    for (const what of ['environments', 'filters'] as const) {
      for (const [id, reason] of message[what].refused) tell(what, id, reason);
    }
    const { good, refused } = message.environments;
    if (good.size === 0 && refused.size > 0) throw new InvalidEventError('no environment of the list can be used');
  }

  /** Serves the list of an earlier run, if there is one and nothing better. */
  async function useCache(): Promise<void> {
    const { cacheEncryptionKey: secret = key } = config;
    if (!wantsCache(phase) || secret === undefined) return;
    // All at once: a database that is away as well must not keep the file waiting twice.
    const reads = caches.map((cache) => readOne(cache, secret));
    for (const read of reads) {
      const stored = await read;
      // Upstream may have answered meanwhile.
      if (!wantsCache(phase)) return;
      if (stored === undefined) continue;
      const change = list.apply(putOf(stored), Date.now());
      logger.warn('no list of environments from LaunchDarkly; using the cached one', { environments: list.size });
      enter(nextPhase(phase, 'restored'));
      deliver(change);
      return;
    }
  }

  async function readOne(cache: ListCache, secret: string): Promise<StoredList | undefined> {
    try {
      return await cache.read(secret);
    } catch (error) {
      logger.error('cannot use the cache of environments', { cache: cache.name, reason: (error as Error).message });
      return undefined;
    }
  }

  /** The start goes on with the list of an earlier run, or without. */
  async function waitNoLonger(): Promise<void> {
    await useCache();
    enter(nextPhase(phase, 'unanswered'));
  }

  async function failed(failure: StreamFailure): Promise<void> {
    const fields = { kind: failure.kind, reason: failure.message };
    if (!failure.permanent) {
      logger.warn('lost the AutoConfig stream, trying again', fields);
      await waitNoLonger();
      return;
    }
    // A key that is refused by mistake must not take what an earlier run knew.
    await useCache();
    const refusal = refusalIn(phase);
    if (refusal === 'serve on') {
      logger.error(
        'LaunchDarkly refused the AutoConfig key; going on with the last environments, asking again later',
        fields,
      );
      return;
    }
    const error = new StartupError(`LaunchDarkly refused the AutoConfig key (${failure.message})`);
    if (refusal === 'fail') first.reject(error);
    else deps.onFatal?.(error);
  }

  function connect(newKey: string): void {
    key = newKey;
    const old = stream;
    if (old) closing = Promise.all([closing, old.close()]).then(() => undefined);
    stream = openEventStream({
      url: `${deps.streamUri.replace(/\/+$/, '')}/relay_auto_config?rpacProtocolVersion=2`,
      headers: { authorization: newKey, 'user-agent': USER_AGENT },
      onEvent: (event) => take(parse(event)),
      onFailure: (failure) => void failed(failure),
      refusals: createBackoff(REFUSAL_WAITS),
      ...(deps.newBackoff ? { backoff: deps.newBackoff() } : {}),
      ...(deps.dispatcher ? { dispatcher: deps.dispatcher } : {}),
      ...(deps.maxEventLength === undefined ? {} : { maxEventLength: deps.maxEventLength }),
      ...(deps.silenceMs === undefined ? {} : { silenceMs: deps.silenceMs }),
      ...(deps.delay ? { delay: deps.delay } : {}),
    });
  }

  /** Takes over the key that the file holds now; one that is gone stays in force. */
  function readKey(path: string): void {
    const result = trySecretFile(path);
    if ('problem' in result) {
      if (key === undefined && result.problem !== lastProblem) {
        logger.warn('the AutoConfig key is missing', { problem: result.problem });
      }
      lastProblem = result.problem;
      deps.onAbsent?.(result.problem);
      return;
    }
    lastProblem = undefined;
    deps.onAbsent?.(undefined);
    if (result.value === key) return;
    if (key !== undefined) logger.info('the AutoConfig key changed');
    connect(result.value);
  }

  return {
    async start(target) {
      sink = target;
      const { keyFile } = config;
      if (config.key !== undefined) {
        connect(config.key);
      } else if (keyFile !== undefined) {
        watch = watchFiles([keyFile], () => readKey(keyFile), deps.pollMs);
        readKey(keyFile);
      }
      const patience = jobAfter('first-list', deps.firstListMs ?? FIRST_LIST_MS, waitNoLonger);
      try {
        await first.promise;
      } finally {
        clearTimeout(patience);
      }
    },
    async close() {
      sink = undefined;
      enter(nextPhase(phase, 'closed'));
      watch?.close();
      await Promise.all([closing, stream?.close()]);
      await Promise.all(keepers.map((keeper) => keeper.close()));
      await Promise.all(caches.map((cache) => cache.close()));
    },
  };
}

/** What a list of an earlier run would be as a message. */
function putOf({ environments, filters }: StoredList): ListMessage {
  const refused: ReadonlyMap<string, string> = new Map();
  return {
    kind: 'put',
    environments: { good: new Map(environments.map((environment) => [environment.envID, environment])), refused },
    filters: { good: new Map(filters.map((filter) => [filter.id, filter])), refused },
  };
}

function parse(event: ServerSentEvent): AutoConfigMessage {
  try {
    return readAutoConfigMessage(event);
  } catch (error) {
    // The message holds keys: nothing of it goes into the log.
    throw new InvalidEventError(`the "${event.event}" message cannot be read`, { cause: error });
  }
}

import type { KubernetesObject } from '../objects.ts';
import type { ListOptions, ObjectList, RestClient, WatchEvent, WatchOptions } from '../rest-types.ts';

/** What a scripted watch does: events to give, or a failure to end with. Without a failure or end it stays open. */
export interface WatchScript<T> {
  readonly events?: readonly WatchEvent<T>[];
  readonly fails?: unknown;
  readonly ends?: boolean;
}

/** A client whose lists and watches answer from scripts, in order; the last script of each kind repeats. */
export function createScriptedClient<T extends KubernetesObject>(
  lists: readonly (ObjectList<T> | Error)[],
  watches: readonly WatchScript<T>[],
) {
  const asked = { lists: [] as ListOptions[], watches: [] as WatchOptions[] };
  async function* play(script: WatchScript<T>, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    yield* structuredClone(script.events ?? []);
    if (script.fails) throw script.fails;
    signal.throwIfAborted();
    if (!script.ends)
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
  const client = {
    async list(_type: unknown, options: ListOptions) {
      const answer = lists[Math.min(asked.lists.length, lists.length - 1)];
      asked.lists.push(options);
      if (answer instanceof Error || answer === undefined) throw answer ?? new Error('no list is scripted');
      return structuredClone(answer);
    },
    watch(_type: unknown, options: WatchOptions) {
      const script = watches[Math.min(asked.watches.length, watches.length - 1)] ?? {};
      asked.watches.push(options);
      return play(script, options.signal);
    },
  };
  return { client: client as unknown as Pick<RestClient, 'list' | 'watch'>, asked };
}

import { shortHash } from '../resources/hash.ts';
import type { ConfigMap } from '../resources/kubernetes-types.ts';
import { documentFile } from '../resources/paths.ts';

/** Where a relay has its environments from. */
export type EnvironmentSource = 'environments' | 'autoConfig' | 'offline';

/** The configuration of one pod, as far as the status tells of it. */
export interface PodDocument {
  /** Name of its ConfigMap. */
  readonly configMap: string;
  /** As the pod reports it once it has taken the document up. */
  readonly hash: string;
  readonly source: EnvironmentSource;
  /** Port for SDKs; undefined in mode 'Daemon'. */
  readonly sdkPort?: number | undefined;
  readonly opsPort?: number | undefined;
  /** Names of the environments that the pod has; empty unless the document names them. */
  readonly environments: ReadonlySet<string>;
}

/** What a ConfigMap of ours says of the pods that mount it; undefined when there is no document in it that can be read. */
export function documentOf(configMap: ConfigMap): PodDocument | undefined {
  if (!known.has(configMap)) known.set(configMap, read(configMap.metadata?.name ?? '', configMap.data?.[documentFile]));
  return known.get(configMap);
}

/** Objects of the cache are never changed, so that each is read once. */
const known = new WeakMap<ConfigMap, PodDocument | undefined>();

function read(configMap: string, text: string | undefined): PodDocument | undefined {
  if (text === undefined) return undefined;
  let document: {
    autoConfig?: unknown;
    offline?: unknown;
    environments?: { name?: string }[];
    server?: { port?: number };
    ops?: { port?: number };
  };
  try {
    document = JSON.parse(text);
  } catch {
    // Somebody wrote it; the next apply puts ours back.
    return undefined;
  }
  const names = (document.environments ?? []).flatMap(({ name }) => name ?? []);
  return {
    configMap,
    hash: shortHash(text),
    source: sourceOf(document),
    environments: new Set(names),
    sdkPort: document.server?.port,
    opsPort: document.ops?.port,
  };
}

/** Where a spec, or a document, says that environments come from. */
export function sourceOf(given: { readonly autoConfig?: unknown; readonly offline?: unknown }): EnvironmentSource {
  if (given.autoConfig !== undefined) return 'autoConfig';
  return given.offline === undefined ? 'environments' : 'offline';
}

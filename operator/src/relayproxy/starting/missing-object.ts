import type { RelayProxy } from '@flagrelay/crds';
import type { MissingReference } from '../pods/pod-facts.ts';

/** What kubelet says of an object that a pod refers to and that is not there. */
interface Named {
  readonly kind: 'Secret' | 'ConfigMap';
  /** Undefined where kubelet names the key alone. */
  readonly name: string | undefined;
  readonly key: string | undefined;
}

const KINDS = { secret: 'Secret', configmap: 'ConfigMap', config: 'ConfigMap' } as const;

/**
 * The object, or the key in it, that a pod waits for, out of kubelet's words: those of `FailedMount` Events
 * (`MountVolume.SetUp failed for volume "tls" : secret "web" not found`) and of `CreateContainerConfigError`. Undefined for
 * words about anything else.
 */
export function missingObject(words: string, relayProxy: RelayProxy): MissingReference | undefined {
  const found = named(words);
  if (found === undefined) return undefined;
  const volume = /for volume "([^"]+)"/.exec(words)?.[1];
  const field = volume === undefined ? 'spec.podTemplate' : fieldOf(volume, relayProxy);
  const object = found.name === undefined ? `the ${found.kind} of volume ${volume}` : `${found.kind} "${found.name}"`;
  const what = found.key === undefined ? object : `key "${found.key}" of ${object}`;
  const reason = found.key !== undefined ? 'KeyNotFound' : (`${found.kind}NotFound` as const);
  return { reason, what: field === undefined ? what : `${what} (\`${field}\`)` };
}

function named(words: string): Named | undefined {
  const object = /\b(secret|configmap) "([^"]+)" not found/i.exec(words);
  if (object !== null) return { kind: kindOf(object[1]), name: lastPart(object[2]), key: undefined };
  const inObject = /couldn't find key (\S+) in (Secret|ConfigMap) (\S+)/i.exec(words);
  if (inObject !== null) return { kind: kindOf(inObject[2]), name: lastPart(inObject[3]), key: inObject[1] };
  const inVolume = /references non-existent (secret|config) key: (\S+)/i.exec(words);
  if (inVolume !== null) return { kind: kindOf(inVolume[1]), name: undefined, key: inVolume[2] };
  return undefined;
}

function kindOf(word = ''): Named['kind'] {
  return KINDS[word.toLowerCase() as keyof typeof KINDS];
}

/** `namespace/name` → `name` */
function lastPart(name = ''): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The field of the spec that a volume comes from; undefined for one that the operator makes by itself. */
function fieldOf(volume: string, { spec }: RelayProxy): string | undefined {
  if (volume === 'tls') return 'spec.tls.secretRef';
  if (volume === 'offline') return 'spec.offline';
  return spec.podTemplate.volumes?.some(({ name }) => name === volume) ? 'spec.podTemplate.volumes' : undefined;
}

import type { KeyRef, RelayProxy } from '@flagrelay/crds';
import type { V1KeyToPath, V1Volume, V1VolumeMount, V1VolumeProjection } from '@kubernetes/client-node';
import type { AsJson } from '../../runtime/objects.ts';
import { shedAnnotation } from './names.ts';
import { documentFile, files, folders } from './paths.ts';

type Volume = AsJson<V1Volume>;

/** A volume with where it is mounted. */
export interface MountedVolume {
  readonly volume: Volume;
  readonly mount: V1VolumeMount;
}

/** Files are for the pod's own user and group only. */
const FILE_MODE = 0o440;
/** Lifetime of the token that kubelet renews; client-go's own value. */
const TOKEN_SECONDS = 3607;
const TOKEN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Name of the volume with the relay's configuration. */
const CONFIG_VOLUME = 'config';

/** Everything that is mounted into the relay, with the ConfigMap that has its configuration. */
export function mountedVolumes(relayProxy: RelayProxy, configMap: string): MountedVolume[] {
  return [configVolume(configMap), ...otherVolumes(relayProxy)];
}

/** Name of the ConfigMap that a pod of ours reads its configuration from; undefined for any other pod. */
export function mountedConfigMap(pod: { readonly volumes?: readonly Volume[] } | undefined): string | undefined {
  return pod?.volumes?.find(({ name }) => name === CONFIG_VOLUME)?.configMap?.name;
}

/**
 * What is mounted beside the configuration, which names files in it. What comes from Secrets and from ConfigMaps of others is optional: a
 * missing key is an environment that says so in its status, not a pod that cannot start, and it is picked up when it
 * appears. Only the TLS certificate must be there: without it nothing could be served.
 */
export function otherVolumes(relayProxy: RelayProxy): MountedVolume[] {
  return [
    podVolume(relayProxy),
    secretKeys('secrets', folders.secrets, environmentKeys(relayProxy)),
    dataFiles(relayProxy),
    tlsVolume(relayProxy),
    secretKeys('redis', folders.redis, redisKeys(relayProxy)),
    secretKeys('proxy', folders.proxy, proxyKeys(relayProxy)),
    secretKeys('autoconfig', folders.autoConfig, autoConfigKeys(relayProxy)),
    offlineVolume(relayProxy),
    mounted({ name: 'state', emptyDir: {} }, folders.state, false),
    tokenVolume(),
  ].filter((item) => item !== undefined);
}

/** One key of a Secret or ConfigMap and the file that it becomes. */
type KeyFile = readonly [ref: KeyRef | undefined, path: string];

/** Keys of the environments, each under a folder of the environment's name. */
export function environmentKeys({ spec }: RelayProxy): KeyFile[] {
  return (spec.environments ?? []).flatMap(({ name, sdkKeyRef, sdkKeyPreviousRef, mobileKeyRef }): KeyFile[] => [
    [sdkKeyRef, `${name}/${files.sdkKey}`],
    [sdkKeyPreviousRef, `${name}/${files.sdkKeyPrevious}`],
    [mobileKeyRef, `${name}/${files.mobileKey}`],
  ]);
}

function redisKeys({ spec }: RelayProxy): KeyFile[] {
  const redis = spec.store?.redis;
  return [
    [redis?.urlRef, files.redisUrl],
    [redis?.usernameRef, files.redisUsername],
    [redis?.passwordRef, files.redisPassword],
    [redis?.caRef, files.redisCa],
  ];
}

function proxyKeys({ spec }: RelayProxy): KeyFile[] {
  return [[spec.upstream.httpProxy?.credentialsRef, files.proxyCredentials]];
}

function autoConfigKeys({ spec }: RelayProxy): KeyFile[] {
  return [[spec.autoConfig?.keyRef, files.autoConfigKey]];
}

/** The volume with the configuration, from a ConfigMap of this name. */
export function configVolume(name: string): MountedVolume {
  const items = [{ key: documentFile, path: documentFile }];
  return mounted({ name: CONFIG_VOLUME, configMap: { name, items } }, folders.config);
}

/** Annotations of the pod that the operator changes while it runs; kubelet keeps the files up to date. Mode 'Daemon' has no streams to order about. */
function podVolume({ spec }: RelayProxy): MountedVolume | undefined {
  if (spec.mode === 'Daemon') return undefined;
  const items = [{ path: files.shed, fieldRef: { fieldPath: `metadata.annotations['${shedAnnotation}']` } }];
  return mounted({ name: 'pod', downwardAPI: { items } }, folders.pod);
}

function dataFiles({ spec }: RelayProxy): MountedVolume | undefined {
  const keys = (spec.environments ?? []).map(({ name, data }): KeyFile => {
    const ref = data?.configMapKeyRef;
    return [ref, `${name}/${ref?.key}`];
  });
  return projected('data', folders.data, keys, (name, items) => ({ configMap: { name, items, optional: true } }));
}

function secretKeys(volume: string, folder: string, keys: readonly KeyFile[]): MountedVolume | undefined {
  return projected(volume, folder, keys, (name, items) => ({ secret: { name, items, optional: true } }));
}

/** One projected volume of keys of several objects; undefined when there is no key. Objects come in order of their names. */
function projected(
  name: string,
  folder: string,
  keys: readonly KeyFile[],
  source: (name: string, items: V1KeyToPath[]) => V1VolumeProjection,
): MountedVolume | undefined {
  const byObject = new Map<string, V1KeyToPath[]>();
  for (const [ref, path] of keys) {
    if (ref === undefined) continue;
    const items = byObject.get(ref.name) ?? [];
    items.push({ key: ref.key, path });
    byObject.set(ref.name, items);
  }
  if (byObject.size === 0) return undefined;
  const sources = [...byObject].sort(([a], [b]) => (a < b ? -1 : 1)).map(([object, items]) => source(object, items));
  return mounted({ name, projected: { defaultMode: FILE_MODE, sources } }, folder);
}

function tlsVolume({ spec }: RelayProxy): MountedVolume | undefined {
  if (spec.tls === undefined) return undefined;
  return mounted({ name: 'tls', secret: { secretName: spec.tls.secretRef.name, defaultMode: FILE_MODE } }, folders.tls);
}

function offlineVolume({ spec: { offline } }: RelayProxy): MountedVolume | undefined {
  if (offline === undefined) return undefined;
  const { configMapRef, secretRef, persistentVolumeClaim, image } = offline;
  const source: Partial<Volume> = {
    ...(configMapRef && { configMap: { name: configMapRef.name, optional: true } }),
    ...(secretRef && { secret: { secretName: secretRef.name, optional: true, defaultMode: FILE_MODE } }),
    ...(image && { image: { ...image } }),
    ...(persistentVolumeClaim && { persistentVolumeClaim: { ...persistentVolumeClaim, readOnly: true } }),
  };
  return mounted({ name: 'offline', ...source }, folders.offline);
}

/** The token by which a pod reports its status, put where clients look for it; kubelet renews it. */
function tokenVolume(): MountedVolume {
  const sources: V1VolumeProjection[] = [
    { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
  ];
  return mounted({ name: 'token', projected: { defaultMode: FILE_MODE, sources } }, TOKEN_FOLDER);
}

function mounted(volume: Volume, mountPath: string, readOnly = true): MountedVolume {
  return { volume, mount: { name: volume.name, mountPath, ...(readOnly && { readOnly }) } };
}

import type { KeyRef, RelayProxy } from '@flagrelay/crds';
import { files, folders } from './paths.ts';

/** A file that comes from a key of a Secret of the user, beside the keys of environments. */
export interface SecretFile {
  /** Where the relay finds it. */
  readonly path: string;
  /** For people: the key, the Secret and the field that names them. */
  readonly what: string;
}

/**
 * What the spec has the relay read from Secrets, but for the keys of environments, of which pods tell one by one. A relay
 * reports which of these files are not there; the operator may not look itself.
 */
export function secretFiles({ spec }: RelayProxy): SecretFile[] {
  const redis = spec.store?.redis;
  const keys: (readonly [ref: KeyRef | undefined, path: string, field: string])[] = [
    [spec.autoConfig?.keyRef, `${folders.autoConfig}/${files.autoConfigKey}`, 'spec.autoConfig.keyRef'],
    [redis?.urlRef, `${folders.redis}/${files.redisUrl}`, 'spec.store.redis.urlRef'],
    [redis?.usernameRef, `${folders.redis}/${files.redisUsername}`, 'spec.store.redis.usernameRef'],
    [redis?.passwordRef, `${folders.redis}/${files.redisPassword}`, 'spec.store.redis.passwordRef'],
    [redis?.caRef, `${folders.redis}/${files.redisCa}`, 'spec.store.redis.caRef'],
    [
      spec.upstream.httpProxy?.credentialsRef,
      `${folders.proxy}/${files.proxyCredentials}`,
      'spec.upstream.httpProxy.credentialsRef',
    ],
    [tlsKey(spec.tls, 'tls.crt'), `${folders.tls}/tls.crt`, 'spec.tls.secretRef'],
    [tlsKey(spec.tls, 'tls.key'), `${folders.tls}/tls.key`, 'spec.tls.secretRef'],
  ];
  const named = keys.flatMap(([ref, path, field]): SecretFile[] =>
    ref === undefined ? [] : [{ path, what: `key "${ref.key}" of Secret "${ref.name}" (\`${field}\`)` }],
  );
  const { offline } = spec;
  if (offline?.secretRef === undefined) return named;
  const what = `key "${offline.path}" of Secret "${offline.secretRef.name}" (\`spec.offline.secretRef\`)`;
  return [...named, { path: `${folders.offline}/${offline.path}`, what }];
}

function tlsKey(tls: RelayProxy['spec']['tls'], key: string): KeyRef | undefined {
  return tls && { name: tls.secretRef.name, key };
}

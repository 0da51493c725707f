/**
 * Where the relay finds its files: the Deployment mounts them and the configuration document names them. One place, so
 * that the two cannot disagree.
 */

const ROOT = '/etc/flagrelay';

/** Folders that volumes are mounted at. */
export const folders = {
  config: `${ROOT}/config`,
  secrets: `${ROOT}/secrets`,
  data: `${ROOT}/data`,
  tls: `${ROOT}/tls`,
  redis: `${ROOT}/redis`,
  proxy: `${ROOT}/proxy`,
  autoConfig: `${ROOT}/autoconfig`,
  offline: `${ROOT}/offline`,
  /** What the pod is told of itself while it runs. */
  pod: `${ROOT}/pod`,
  /** Writable; lives as long as the pod. */
  state: '/var/lib/flagrelay',
} as const;

/** File of the configuration document, inside its folder and as a key of its ConfigMap. */
export const documentFile = 'relay.json';

/** Names of the files inside a folder. */
export const files = {
  sdkKey: 'sdk-key',
  sdkKeyPrevious: 'sdk-key-previous',
  mobileKey: 'mobile-key',
  redisUrl: 'url',
  redisUsername: 'username',
  redisPassword: 'password',
  redisCa: 'ca.crt',
  proxyCredentials: 'credentials',
  autoConfigKey: 'key',
  shed: 'shed',
} as const;

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a kubeconfig for a proxy that adds the credentials itself; returns its path. */
export function writeProxyKubeconfig(folder: string, index: number, server: string): string {
  const file = join(folder, `proxied-${index}.kubeconfig`);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'proxy',
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'proxied', user: {} }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxied' } }],
  };
  writeFileSync(file, JSON.stringify(kubeconfig));
  return file;
}

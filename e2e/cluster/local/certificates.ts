import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../machine/run.ts';
import type { Layout } from './layout.ts';

/** One certificate that the cluster's authority signs; the files are `NAME.crt` and `NAME.key`. */
export interface CertificateRequest {
  readonly name: string;
  /** The user that Kubernetes sees. */
  readonly commonName: string;
  /** The group that Kubernetes sees. */
  readonly organization?: string;
  /** Subject alternative names of a server, in openssl's form. */
  readonly serverNames?: readonly string[];
}

/** Every certificate of the local cluster. */
export function certificateRequests(layout: Layout): CertificateRequest[] {
  const local = ['DNS:localhost', 'IP:127.0.0.1'];
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  const apiServerNames = [
    ...local,
    `IP:${layout.hostAddress}`,
    `IP:${layout.apiServiceAddress}`,
    ...service.map((name) => `DNS:${name}`),
  ];
  return [
    { name: 'apiserver', commonName: 'kube-apiserver', serverNames: apiServerNames },
    { name: 'etcd', commonName: 'etcd', serverNames: local },
    // etcd takes any client of this authority; kubelets take this one as an administrator.
    { name: 'apiserver-client', commonName: 'kube-apiserver-client', organization: 'system:masters' },
    { name: 'admin', commonName: 'flagrelay-admin', organization: 'system:masters' },
    { name: 'controller-manager', commonName: 'system:kube-controller-manager' },
    { name: 'scheduler', commonName: 'system:kube-scheduler' },
    { name: 'proxy', commonName: 'system:kube-proxy' },
    { name: 'coredns', commonName: 'coredns' },
    ...layout.nodes.map(({ name }) => ({ name, commonName: `system:node:${name}`, organization: 'system:nodes' })),
  ];
}

/**
 * Makes the authority, every certificate and the service-account keys, unless they are there. The folder appears
 * whole or not at all, so that a crash in between leaves nothing half-made.
 *
 * @param requests what to sign; by default every certificate of the local cluster
 * @throws CommandError when openssl fails
 */
export async function ensureCertificates(
  layout: Layout,
  requests: readonly CertificateRequest[] = certificateRequests(layout),
): Promise<void> {
  if (existsSync(layout.pki)) return;
  const folder = `${layout.pki}.partial`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder, timeoutMs: 30_000 });

  await openssl(...newKey('ca'), '-x509', '-days', '3650', '-out', 'ca.crt', '-subj', '/CN=flagrelay-local');
  for (const request of requests) {
    const { name } = request;
    await openssl(...newKey(name), '-out', `${name}.csr`, '-subj', subjectOf(request));
    writeFileSync(join(folder, `${name}.ext`), extensionsOf(request));
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '3650'];
    await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, '-extfile', `${name}.ext`, ...signing);
  }
  await openssl('genrsa', '-out', 'service-account.key', '2048');
  await openssl('rsa', '-in', 'service-account.key', '-pubout', '-out', 'service-account.pub');
  renameSync(folder, layout.pki);
}

function newKey(name: string): string[] {
  return ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
}

function subjectOf({ commonName, organization }: CertificateRequest): string {
  return `${organization === undefined ? '' : `/O=${organization}`}/CN=${commonName}`;
}

function extensionsOf({ serverNames }: CertificateRequest): string {
  const usage = serverNames === undefined ? 'clientAuth' : 'serverAuth,clientAuth';
  const names = serverNames === undefined ? '' : `subjectAltName=${serverNames.join(',')}\n`;
  return `basicConstraints=CA:FALSE\nextendedKeyUsage=${usage}\n${names}`;
}

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lease } from '@flagrelay/kube/lease';
import { createTestCa } from './certificates.ts';

/** A stand-in for the API server with one Lease, and the service account that opens it. */
export interface LeaseServer extends AsyncDisposable {
  readonly lease: Lease;
  /** Paths that were asked for, each once. */
  readonly paths: ReadonlySet<string>;
  /** Folder of `token` and `ca.crt`. */
  readonly accountDirectory: string;
  /** What kubelet and the downward API set in this pod. */
  env(pod: string): Record<string, string>;
  /** Answers every request with this status from now on; 0: as it should. */
  refuse(status: number): void;
}

/** Starts one; it refuses a write of an older version with 409, as the real one. */
export async function startLeaseServer(): Promise<LeaseServer> {
  const ca = createTestCa();
  const accountDirectory = mkdtempSync(join(tmpdir(), 'flagrelay-sa-'));
  writeFileSync(join(accountDirectory, 'token'), 'token-1\n');
  writeFileSync(join(accountDirectory, 'ca.crt'), ca.ca);
  const paths = new Set<string>();
  let version = 1;
  let refusal = 0;
  let lease: Lease = { metadata: { name: 'demo', resourceVersion: '1' } };
  const server = createServer(ca.server, async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    paths.add(`${request.method} ${request.url}`);
    const answer = (status: number, body: object) => {
      response.statusCode = status;
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== 'Bearer token-1')
      return answer(401, { kind: 'Status', message: 'who are you' });
    if (refusal !== 0) return answer(refusal, { kind: 'Status', message: `answer ${refusal}` });
    if (request.method === 'PUT') {
      const wanted = JSON.parse(text) as Lease;
      if (wanted.metadata?.resourceVersion !== String(version))
        return answer(409, { kind: 'Status', message: 'modified meanwhile' });
      version += 1;
      lease = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: String(version) } };
    }
    answer(200, lease);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    get lease() {
      return lease;
    },
    paths,
    accountDirectory,
    env: (pod) => ({
      POD_NAME: pod,
      POD_NAMESPACE: 'ns',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
    }),
    refuse: (status) => {
      refusal = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      ca[Symbol.dispose]();
      rmSync(accountDirectory, { recursive: true, force: true });
    },
  };
}

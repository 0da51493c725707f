import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { StartupError } from '../environment/definition.ts';
import type { InstanceIdentity, ReportItem } from './report-item.ts';

/** Where kubelet mounts the pod's service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The API server has this long to answer, in ms. */
const TIMEOUT_MS = 10_000;
/** Of an error's body, this many characters are kept. */
const MAX_ERROR_TEXT = 300;

/** The API server refused a report, or could not be asked (`status` 0). */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  /** HTTP status, or 0 for a failure before one came. */
  readonly status: number;
  /** ms that the server wants to be left alone; 0 = it did not say */
  readonly retryAfterMs: number;

  constructor(message: string, status: number, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Applies the pod's item of `status.instances`. */
export interface StatusClient {
  /** @throws ReportError */
  apply(item: ReportItem & { readonly lastReportTime: string }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads who and where the pod is from `POD_NAME`, `POD_NAMESPACE`, `POD_UID` and `POD_ZONE`.
 * @throws StartupError when the name or the namespace is missing
 */
export function podIdentity(env: Readonly<Record<string, string | undefined>>, version: string): InstanceIdentity {
  const required = (name: string): string => {
    const value = env[name];
    if (!value) throw new StartupError(`report: the environment variable ${name} must be set from the downward API`);
    return value;
  };
  return {
    name: required('POD_NAME'),
    namespace: required('POD_NAMESPACE'),
    uid: env.POD_UID ?? '',
    zone: env.POD_ZONE ?? '',
    version,
  };
}

/**
 * A client for the status of one RelayProxy with the pod's service account. The token and the CA are read for every call,
 * as kubelet renews them.
 * @param directory of `token` and `ca.crt`
 * @throws StartupError outside of a cluster
 */
export function createStatusClient(
  identity: InstanceIdentity,
  relayProxy: string,
  env: Readonly<Record<string, string | undefined>>,
  directory = SERVICE_ACCOUNT,
): StatusClient {
  const url = statusUrl(identity, relayProxy, env);
  const aborter = new AbortController();
  let agent: { readonly ca: string; readonly dispatcher: Agent } | undefined;

  const dispatcherFor = async (ca: string): Promise<Agent> => {
    if (agent?.ca === ca) return agent.dispatcher;
    await agent?.dispatcher.destroy();
    // One connection, as reports are written one at a time.
    const dispatcher = new Agent({ connect: { ca, timeout: TIMEOUT_MS }, connections: 1, allowH2: false });
    agent = { ca, dispatcher };
    return dispatcher;
  };

  return {
    apply: async (item) => {
      const token = await readMounted(directory, 'token');
      const dispatcher = await dispatcherFor(await readMounted(directory, 'ca.crt'));
      const body = JSON.stringify({
        apiVersion: 'flagrelay.dev/v1alpha1',
        kind: 'RelayProxy',
        metadata: { name: relayProxy },
        status: { instances: [item] },
      });
      const answer = await request(url, {
        dispatcher,
        method: 'PATCH',
        headers: { authorization: `Bearer ${token.trim()}`, 'content-type': 'application/apply-patch+yaml' },
        body,
        signal: AbortSignal.any([aborter.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      }).catch((cause: Error) => {
        throw new ReportError(`the API server cannot be reached: ${cause.message}`, 0, 0, { cause });
      });
      if (answer.statusCode < 300) {
        await answer.body.dump();
        return;
      }
      const retryAfter = Number(answer.headers['retry-after']);
      throw new ReportError(
        await errorText(answer.body),
        answer.statusCode,
        Number.isFinite(retryAfter) ? retryAfter * 1000 : 0,
      );
    },
    close: async () => {
      aborter.abort();
      await agent?.dispatcher.destroy();
    },
  };
}

function statusUrl(
  identity: InstanceIdentity,
  relayProxy: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const host = env.KUBERNETES_SERVICE_HOST;
  if (!host) {
    throw new StartupError(
      'report: KUBERNETES_SERVICE_HOST is not set; health can be reported only from inside a cluster',
    );
  }
  const authority = `${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT || '443'}`;
  const path = [identity.namespace, 'relayproxies', relayProxy].map(encodeURIComponent).join('/');
  const query = new URLSearchParams({ fieldManager: `flagrelay/${identity.name}`, force: 'true' });
  return `https://${authority}/apis/flagrelay.dev/v1alpha1/namespaces/${path}/status?${query}`;
}

async function readMounted(directory: string, name: string): Promise<string> {
  try {
    return await readFile(join(directory, name), 'utf8');
  } catch (cause) {
    throw new ReportError(`the service account's ${name} cannot be read from ${directory}`, 0, 0, { cause });
  }
}

/** The message of a `Status` object, or the start of whatever came. */
async function errorText(body: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  try {
    for await (const chunk of body) {
      text += chunk.toString();
      if (text.length > 16_384) break;
    }
    const message = (JSON.parse(text) as { message?: unknown } | null)?.message;
    if (typeof message === 'string') text = message;
  } catch {
    // Not JSON or cut short: what came is still the best description.
  }
  return text.slice(0, MAX_ERROR_TEXT);
}

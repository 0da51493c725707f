import { join } from 'node:path';
import { apiErrorFrom, TransportError } from '@flagrelay/kube/api-error';
import { parseRetryAfter } from '@flagrelay/kube/retry-after';
import { readAccountFile } from '@flagrelay/kube/token-file';
import { Agent, type Dispatcher, request } from 'undici';
import { StartupError } from '../errors.ts';

/** Where kubelet mounts the pod's service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The API server has this long to answer, in ms. */
const TIMEOUT_MS = 10_000;
/** Of an error's body, this many characters are read. */
const MAX_ERROR_TEXT = 16_384;

/** The variables of the process, as kubelet and the downward API set them. */
export type PodVariables = Readonly<Record<string, string | undefined>>;

/** One request. */
export interface ApiCall {
  readonly method: 'GET' | 'PATCH' | 'PUT';
  /** From `/apis` on, with its query. */
  readonly path: string;
  readonly body?: object;
  /** Of the body; JSON unless given. */
  readonly contentType?: string;
  /** How long the answer may take, in ms; 10 s unless given. */
  readonly timeoutMs?: number;
}

/** The way from a pod to the API server of its cluster. */
export interface ApiServer {
  /** The body of an answer below 300: read it, or dump it. @throws ApiError for a refusal, TransportError when there is no answer */
  request(call: ApiCall): Promise<Dispatcher.ResponseData['body']>;
  /** Ends what is in progress. */
  close(): Promise<void>;
}

/** Where the service account of the pod is. */
export interface ServiceAccountFiles {
  /** Of `token` and `ca.crt`; kubelet's unless given. */
  readonly directory?: string;
  /** Called for each request with why they cannot be read; undefined while they can be. */
  readonly onAbsent?: (problem: string | undefined) => void;
}

/**
 * Opens the way with the pod's service account. The token and the CA are read for every request, as kubelet renews them; while
 * they cannot be, those that were read last are used. One connection: requests of one owner come one at a time.
 * @param purpose of it, for the error
 * @throws StartupError outside of a cluster
 */
export function createApiServer(env: PodVariables, purpose: string, account: ServiceAccountFiles = {}): ApiServer {
  const origin = originOf(env, purpose);
  const aborter = new AbortController();
  const mounted = keepMounted(account);
  let agent: { readonly ca: string; readonly dispatcher: Agent } | undefined;

  const dispatcherFor = async (ca: string): Promise<Agent> => {
    if (agent?.ca === ca) return agent.dispatcher;
    await agent?.dispatcher.destroy();
    const dispatcher = new Agent({ connect: { ca, timeout: TIMEOUT_MS }, connections: 1, allowH2: false });
    agent = { ca, dispatcher };
    return dispatcher;
  };

  return {
    request: async ({ method, path, body, contentType = 'application/json', timeoutMs = TIMEOUT_MS }) => {
      const asked = `${method} ${path.replace(/\?.*$/, '')}`;
      const { token, ca } = await mounted(asked);
      const dispatcher = await dispatcherFor(ca);
      const answer = await request(`${origin}${path}`, {
        dispatcher,
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': contentType }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([aborter.signal, AbortSignal.timeout(Math.ceil(timeoutMs))]),
      }).catch((cause: Error) => {
        const kind = cause.name === 'TimeoutError' ? 'deadline' : aborter.signal.aborted ? 'aborted' : 'connection';
        throw new TransportError(kind, asked, `the API server cannot be reached: ${cause.message}`, cause);
      });
      if (answer.statusCode < 300) return answer.body;
      const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], Date.now());
      throw apiErrorFrom(answer.statusCode, await errorText(answer.body), retryAfterMs, asked);
    },
    close: async () => {
      aborter.abort();
      await agent?.dispatcher.destroy();
    },
  };
}

/**
 * A variable that the downward API must set.
 * @throws StartupError when it is missing
 */
export function podVariable(env: PodVariables, name: string, purpose: string): string {
  const value = env[name];
  if (!value) throw new StartupError(`${purpose}: the environment variable ${name} must be set from the downward API`);
  return value;
}

function originOf(env: PodVariables, purpose: string): string {
  const host = env.KUBERNETES_SERVICE_HOST;
  if (!host) {
    throw new StartupError(`${purpose}: KUBERNETES_SERVICE_HOST is not set; it works only inside a cluster`);
  }
  return `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT || '443'}`;
}

/** What {@link keepMounted} gives. */
interface Mounted {
  readonly token: string;
  readonly ca: string;
}

/** Reads both files at each call, or gives what it read last. @throws TransportError when they have never been there */
function keepMounted({
  directory = SERVICE_ACCOUNT,
  onAbsent,
}: ServiceAccountFiles): (asked: string) => Promise<Mounted> {
  let last: Mounted | undefined;
  const read = (name: string): Promise<string> => readAccountFile(join(directory, name));
  return async (asked) => {
    try {
      last = { token: await read('token'), ca: await read('ca.crt') };
      onAbsent?.(undefined);
    } catch (cause) {
      const problem = `the service account's token and ca.crt cannot be read from ${directory}`;
      onAbsent?.(problem);
      if (last === undefined) throw new TransportError('connection', asked, problem, cause);
    }
    return last;
  };
}

/** The body of a refusal, or the start of it when it is long or cut short. */
async function errorText(body: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  try {
    for await (const chunk of body) {
      text += chunk.toString();
      if (text.length > MAX_ERROR_TEXT) break;
    }
  } catch {
    // Cut short: the HTTP status says enough.
  }
  return text;
}

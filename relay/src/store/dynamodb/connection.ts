import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RelayConfig } from '../../config/document.ts';
import { StoreError } from '../../errors.ts';
import type * as Aws from './aws.ts';

/** `store.dynamodb` of the configuration. */
export type DynamoConfig = NonNullable<RelayConfig['store']['dynamodb']>;

/** What a call is given: AWS's classes, the client, and what ends the call when its time is over. */
export interface DynamoCall {
  readonly aws: typeof Aws;
  readonly client: DynamoDBClient;
  /** Second argument of `send`. */
  readonly until: { readonly abortSignal: AbortSignal };
}

/** The relay's way to DynamoDB, shared by all environments. */
export interface DynamoConnection {
  /** The configured endpoint, without credentials; undefined for that of the region. */
  readonly shownUrl: string | undefined;
  /** The table of environments without one of their own. */
  readonly tableName: string | undefined;
  /** One request. @throws StoreError */
  run<T>(work: (call: DynamoCall) => Promise<T>): Promise<T>;
  /** A piece of work of many requests. @throws StoreError */
  runLong<T>(work: (call: DynamoCall) => Promise<T>): Promise<T>;
  close(): void;
}

/** Connecting, and waiting for the answer to one try of a request, in ms. */
const CONNECT_TIMEOUT_MS = 3_000;
const ANSWER_TIMEOUT_MS = 5_000;
/** Tries of one request, with the SDK's jittered back-off between them. */
const MAX_ATTEMPTS = 3;
/** All tries of a request together, and a piece of work of many requests, in ms. */
const RUN_TIMEOUT_MS = 10_000;
const LONG_TIMEOUT_MS = 60_000;

/** When requests may be sent, and the variables that name the region. */
export interface DynamoConnectionOptions {
  /** Asked right before requests are handed to the SDK: false refuses them. */
  readonly allowed?: () => boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Makes the client; nothing is sent before the first call. Credentials come by AWS's default chain (variables, the files of a profile,
 * a web identity such as that of IRSA, a container such as that of EKS Pod Identity, the instance), which renews them.
 */
export async function createDynamoConnection(
  config: DynamoConfig,
  { allowed = () => true, env = process.env }: DynamoConnectionOptions = {},
): Promise<DynamoConnection> {
  const aws = await import('./aws.ts');
  // Go's SDK, and so ld-relay, knows both; this one would read the first alone.
  const region = config.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined);
  const client = new aws.DynamoDBClient({
    ...(region === undefined ? {} : { region }),
    ...(config.url === undefined ? {} : { endpoint: config.url }),
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      socketTimeout: ANSWER_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  const ending = new AbortController();

  const within = async <T>(ms: number, work: (call: DynamoCall) => Promise<T>): Promise<T> => {
    if (!allowed()) throw new StoreError('DynamoDB is left alone: another process may be using it now');
    if (ending.signal.aborted) throw new StoreError('the connection to DynamoDB is closed');
    const late = AbortSignal.timeout(ms);
    const abortSignal = AbortSignal.any([ending.signal, late]);
    // The SDK looks at the signal between connecting and the answer, and not while it looks for credentials.
    const ended = Promise.withResolvers<never>();
    const onAbort = (): void => ended.reject(abortSignal.reason);
    abortSignal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([work({ aws, client, until: { abortSignal } }), ended.promise]);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      if (late.aborted) throw new StoreError(`DynamoDB did not answer within ${ms} ms`);
      if (ending.signal.aborted) throw new StoreError('the connection to DynamoDB is closed');
      throw new StoreError(explain(error as Error), { cause: (error as Error).name });
    } finally {
      abortSignal.removeEventListener('abort', onAbort);
    }
  };

  return {
    shownUrl: config.url === undefined ? undefined : withoutCredentials(config.url),
    tableName: config.tableName,
    run: (work) => within(RUN_TIMEOUT_MS, work),
    runLong: (work) => within(LONG_TIMEOUT_MS, work),
    close() {
      ending.abort();
      client.destroy();
    },
  };
}

/** What went wrong, in words that say what to do where the SDK's own do not. Not the SDK's error itself: it holds the request with its signature. */
function explain({ name, message, ...rest }: Error): string {
  switch (name) {
    case 'ResourceNotFoundException':
      return `the DynamoDB table does not exist in this region (${message})`;
    case 'CredentialsProviderError':
      return `no AWS credentials: ${message}`;
    case 'AccessDeniedException':
    case 'UnrecognizedClientException':
      return `DynamoDB refuses the AWS credentials: ${message}`;
    default: {
      const code = 'code' in rest ? ` (${String(rest.code)})` : '';
      return message === '' ? `${name}${code}` : `${name}: ${message}`;
    }
  }
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { sampleData } from '../../src/testing/relay.ts';
import { startUpstream, type Upstream } from '../../src/testing/upstream.ts';
import type { Keys } from './requests.ts';
import type { TargetMessage } from './target.ts';

/** Credentials of the environment that is fuzzed. */
export const FUZZ_KEYS: Keys = {
  sdk: 'sdk-99999999-0000-4000-8000-000000000001',
  mobile: 'mob-99999999-0000-4000-8000-000000000001',
  env: '5f0000000000000000000f01',
};
/** The SDK key of an environment that never gets data, whose requests are 503. */
export const SILENT_KEY = 'sdk-99999999-0000-4000-8000-000000000002';

/** A relay in a process of its own, with a stand-in for everything that it talks to. */
export interface Stage extends AsyncDisposable {
  readonly port: number;
  readonly upstream: Upstream;
  /** Heap and buffers in use after a garbage collection, in bytes. Rejects when the relay has failed. */
  heapBytes(): Promise<number>;
  /** What the relay said about errors, and how it died if it did. */
  failures(): readonly string[];
}

/** Starts a {@link Stage}. */
export async function startStage(): Promise<Stage> {
  const upstream = await startUpstream();
  upstream.add(FUZZ_KEYS.sdk, sampleData());
  upstream.add(SILENT_KEY, sampleData(), 'silent');
  const sink = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(request.method === 'POST' ? 202 : 404).end());
  });
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const sinkUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const child = fork(fileURLToPath(new URL('target.ts', import.meta.url)), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      STREAM_URI: upstream.url,
      BASE_URI: sinkUrl,
      CLIENT_SIDE_BASE_URI: sinkUrl,
      EVENTS_HOST: sinkUrl,
      USE_EVENTS: 'true',
      EVENTS_FLUSH_INTERVAL: '100ms',
      INIT_TIMEOUT: '300s',
      LD_ENV_fuzz: FUZZ_KEYS.sdk,
      LD_MOBILE_KEY_fuzz: FUZZ_KEYS.mobile,
      LD_CLIENT_SIDE_ID_fuzz: FUZZ_KEYS.env,
      LD_ALLOWED_ORIGIN_fuzz: 'https://a.example',
      LD_TTL_fuzz: '1m',
      LD_ENV_silent: SILENT_KEY,
    },
  });
  const failures: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => failures.push(text));
  child.on('exit', (code, signal) => failures.push(`the relay ended with ${signal ?? code}`));
  child.on('message', (message: TargetMessage) => {
    if ('failure' in message) failures.push(message.failure);
  });
  const { port } = await told(child, 'port');
  return {
    port,
    upstream,
    failures: () => failures,
    async heapBytes() {
      const answer = told(child, 'heapBytes');
      child.send('memory');
      const { heapBytes, polluted } = await answer;
      if (polluted) throw new Error('the prototype of all objects was polluted');
      return heapBytes;
    },
    async [Symbol.asyncDispose]() {
      child.removeAllListeners('exit');
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
      sink.closeAllConnections();
      sink.close();
      await upstream.close();
    },
  };
}

/** The child's next message with this member; rejects when the child ends instead, or says nothing for two minutes. */
function told<K extends string>(child: ChildProcess, member: K): Promise<Extract<TargetMessage, Record<K, unknown>>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new Error(`the relay did not tell its ${member} in two minutes`)), 120_000);
    const onMessage = (message: TargetMessage): void => {
      if ('failure' in message) finish(new Error(message.failure));
      else if (member in message) finish(undefined, message as Extract<TargetMessage, Record<K, unknown>>);
    };
    const onExit = (): void => finish(new Error('the relay has ended'));
    const finish = (error?: Error, message?: Extract<TargetMessage, Record<K, unknown>>): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      if (message === undefined) reject(error);
      else resolve(message);
    };
    child.on('message', onMessage).on('exit', onExit);
  });
}

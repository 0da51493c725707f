import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../machine/wait-for.ts';
import type { Kubectl } from './kubectl.ts';

/** A running `kubectl port-forward`; its owner disposes of it (`await using`). */
export interface PortForward extends AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Resolves when kubectl ends, for whatever reason (kubectl ends when its pod does). */
  readonly ended: Promise<void>;
}

/**
 * Forwards a free port of 127.0.0.1 to a port of a pod, or of one pod of a Service or Deployment.
 *
 * @param target as kubectl takes it: `pod/NAME`, `service/NAME`, `deployment/NAME`
 * @throws Error when kubectl ends before it listens; WaitTimeoutError after 30 s
 */
export async function portForward(
  kubectl: Pick<Kubectl, 'program' | 'kubeconfig'>,
  target: string,
  namespace: string,
  remotePort: number | string,
): Promise<PortForward> {
  const args = ['port-forward', '--namespace', namespace, '--address', '127.0.0.1', target, `:${remotePort}`];
  const child = spawn(kubectl.program, args, {
    env: { ...process.env, KUBECONFIG: kubectl.kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(
    () => undefined,
    () => undefined,
  );
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    // One line for each connection follows the first: only that one is of use.
    if (output.length < 1000) output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-2000);
  });

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  try {
    const port = await waitFor(
      `port-forward to ${target} in ${namespace}`,
      () => {
        const found = /^Forwarding from 127\.0\.0\.1:(\d+)/m.exec(output)?.[1];
        if (found !== undefined) return Number(found);
        return child.exitCode === null && child.signalCode === null ? undefined : 0;
      },
      { timeoutMs: 30_000, intervalMs: 50 },
    );
    if (port === 0) throw new Error(`kubectl port-forward to ${target} in ${namespace} ended: ${errors.trim()}`);
    return { port, url: `http://127.0.0.1:${port}`, ended, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

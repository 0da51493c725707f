import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hub } from '../streams/hub.ts';

/** How a drain spends its time. */
export interface DrainOptions {
  /** ms for the whole */
  readonly drainMs: number;
  /** Somebody has to notice first that this pod is not ready any more: endpoints, kube-proxy, load balancers. */
  readonly behindService: boolean;
}

/**
 * Goes down without failing a client: new requests are served for a quarter of the time while the pod leaves its Service;
 * then the streams are ended one after the other over half of the time, so that their clients do not all reach the
 * other pods at once; then the listener closes and running requests get what is left.
 */
export async function drainServer(server: Server, hub: Hub, { drainMs, behindService }: DrainOptions): Promise<void> {
  const deadline = Date.now() + drainMs;
  if (behindService) await sleep(drainMs / 4);
  if (hub.size > 0) await hub.drain(drainMs / 2);
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timeout = new AbortController();
  await Promise.race([
    closed,
    sleep(Math.max(100, deadline - Date.now()), undefined, { signal: timeout.signal }).catch(() => {}),
  ]);
  timeout.abort();
  server.closeAllConnections();
}

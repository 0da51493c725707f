import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { waitFor } from './wait-for.ts';

/**
 * Runs `work` while no other process of this machine runs work under the same name. The lock is an abstract Unix
 * socket that is listened on: the kernel gives it back when its holder ends, however it ends, so that no lock can be
 * left behind by a crash.
 *
 * @param onWait called once when somebody else holds the lock
 * @throws WaitTimeoutError when the holder keeps it for longer than `timeoutMs`
 */
export async function withLock<T>(
  name: string,
  work: () => Promise<T>,
  { timeoutMs, onWait }: { timeoutMs: number; onWait?: () => void },
): Promise<T> {
  let told = false;
  const lock = await waitFor(
    `lock ${name}`,
    async () => {
      const server = await tryLock(name);
      if (server === undefined && !told) onWait?.();
      told ||= server === undefined;
      return server;
    },
    { timeoutMs },
  );
  try {
    return await work();
  } finally {
    lock.close();
  }
}

/** Takes the lock; `undefined` when it is taken. */
async function tryLock(name: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  // A socket's name holds 107 bytes at most; the hash makes every name short.
  server.listen(`\0flagrelay-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

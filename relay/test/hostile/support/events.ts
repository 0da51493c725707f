import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ask } from '../../../src/testing/client.ts';
import { ATTACKED, NEIGHBOUR, startVictim, type Victim } from './victim.ts';

/** A post of events by somebody who knows the client-side ID. */
export interface HostilePost {
  readonly body: string | Buffer;
  /** Schema 1 and 2 are summarised. */
  readonly schema: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An events service that takes connections and says nothing. */
export async function startHole(): Promise<{ readonly url: string } & AsyncDisposable> {
  const sockets = new Set<import('node:net').Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A relay of a pod's usual size that forwards events to `url`, with limits of bodies that are no help. */
export function startEventVictim(url: string, env: Readonly<Record<string, string>> = {}): Promise<Victim> {
  return startVictim({
    env: {
      USE_EVENTS: 'true',
      EVENTS_HOST: url,
      EVENTS_FLUSH_INTERVAL: '500ms',
      EVENTS_MEMORY: '32MiB',
      MAX_CLIENT_REQUEST_BODY_SIZE: '32MiB',
      ...env,
    },
    nodeArgs: ['--max-old-space-size=320'],
  });
}

/** Posts compressed events with the public ID; resolves to the status. */
export async function postEvents(
  victim: Victim,
  { body, schema, headers = {} }: HostilePost,
  envId: string = ATTACKED.env,
): Promise<number> {
  const answer = await ask(victim.port, `/events/bulk/${envId}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Content-Encoding': 'gzip',
      'X-LaunchDarkly-Event-Schema': `${schema}`,
      ...headers,
    },
    body: await promisify(gzip)(body, { level: 9 }),
  });
  return answer.status;
}

/** What the neighbour's server sends meanwhile must be taken; resolves to the status. */
export async function postAsNeighbour(victim: Victim): Promise<number> {
  const answer = await ask(victim.port, '/bulk', {
    method: 'POST',
    headers: { Authorization: NEIGHBOUR.sdk, 'X-LaunchDarkly-Event-Schema': '4' },
    body: '[{"kind":"custom","key":"of the neighbour"}]',
  });
  return answer.status;
}

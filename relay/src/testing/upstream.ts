import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Data of one SDK key at the stand-in. */
export interface UpstreamData {
  flags: Record<string, object>;
  segments: Record<string, object>;
}

/** How the stand-in answers a key's stream: with its data, with an open stream that stays silent, or with a status. */
export type UpstreamMode = 'ok' | 'silent' | number;

/** A LaunchDarkly stand-in for tests that need faults: the `/all` stream of any number of SDK keys, under full control. */
export interface Upstream {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Makes an SDK key known. */
  add(sdkKey: string, data: UpstreamData, mode?: UpstreamMode): void;
  /** How streams of the key are answered from now on; open ones stay. */
  mode(sdkKey: string, mode: UpstreamMode): void;
  /** Sends an event on the key's open streams. */
  send(sdkKey: string, event: string, data: unknown): void;
  /** Sends text as it is on the key's open streams. */
  raw(sdkKey: string, text: string): void;
  /** Changes a flag and tells the open streams. */
  patchFlag(sdkKey: string, flag: { key: string; version: number } & Record<string, unknown>): void;
  /** Ends the key's open streams. */
  drop(sdkKey: string): void;
  /** Open streams of the key. */
  connected(sdkKey: string): number;
  /** Streams of the key that were asked for so far. */
  requests(sdkKey: string): number;
  close(): Promise<void>;
}

interface Entry {
  data: UpstreamData;
  mode: UpstreamMode;
  requests: number;
  readonly streams: Set<ServerResponse>;
}

/** Starts a stand-in on a free loopback port. */
export async function startUpstream(): Promise<Upstream> {
  const entries = new Map<string, Entry>();
  const entry = (sdkKey: string): Entry => {
    const found = entries.get(sdkKey);
    if (found === undefined) throw new Error('this SDK key was not added to the upstream');
    return found;
  };
  const put = ({ data }: Entry) => format('put', { path: '/', data });

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const found = entries.get(request.headers.authorization ?? '');
    if (found === undefined || !request.url?.startsWith('/all')) {
      response.writeHead(found === undefined ? 401 : 404).end();
      return;
    }
    found.requests++;
    if (typeof found.mode === 'number') {
      response.writeHead(found.mode).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    found.streams.add(response);
    response.on('close', () => found.streams.delete(response));
    if (found.mode === 'ok') response.write(put(found));
  }

  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const send = (sdkKey: string, event: string, data: unknown): void => {
    for (const stream of entry(sdkKey).streams) stream.write(format(event, data));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (sdkKey, data, mode = 'ok') => void entries.set(sdkKey, { data, mode, requests: 0, streams: new Set() }),
    mode(sdkKey, mode) {
      const found = entry(sdkKey);
      const wasSilent = found.mode === 'silent';
      found.mode = mode;
      if (wasSilent && mode === 'ok') for (const stream of found.streams) stream.write(put(found));
    },
    send,
    raw(sdkKey, text) {
      for (const stream of entry(sdkKey).streams) stream.write(text);
    },
    patchFlag(sdkKey, flag) {
      entry(sdkKey).data.flags[flag.key] = flag;
      send(sdkKey, 'patch', { path: `/flags/${flag.key}`, data: flag });
    },
    drop(sdkKey) {
      for (const stream of entry(sdkKey).streams) stream.destroy();
    },
    connected: (sdkKey) => entry(sdkKey).streams.size,
    requests: (sdkKey) => entry(sdkKey).requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function format(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

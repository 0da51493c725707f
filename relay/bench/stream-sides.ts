import { get } from 'node:http';
import { get as getTls } from 'node:https';
import type { BenchData } from './dataset.ts';
import { envId, type Lab, sdkKey, startBare, startRelay } from './lab.ts';
import type { ServerProcess } from './process.ts';
import { patchText, putText, startUpstream } from './upstream.ts';

/** Streams of server-side SDKs, which carry the data, or of those in browsers, which are told to ask again. */
export type StreamPath = '/all' | '/eval';

/** A server with streams, and what makes it send something. */
export interface Side {
  readonly server: ServerProcess;
  /** Makes it send `count` events to each stream. */
  publish(count: number): void;
  close(): Promise<void>;
}

/** Head of the request that opens a stream, without its blank line. */
export function openingOf(path: StreamPath): string {
  if (path === '/all') return `GET /all HTTP/1.1\r\nHost: bench\r\nAuthorization: ${sdkKey()}`;
  const context = Buffer.from('{"kind":"user","key":"bench"}').toString('base64url');
  return `GET /eval/${envId(0)}/${context} HTTP/1.1\r\nHost: bench`;
}

/** The relay with an upstream of its own. */
export async function relaySide(lab: Lab, data: BenchData): Promise<Side> {
  const upstream = await startUpstream(data);
  const server = await startRelay(lab, upstream.uri);
  return {
    server,
    publish: (count) => upstream.patch(count),
    async close() {
      await server.stop();
      await upstream.close();
    },
  };
}

/** A bare server that sends the same bytes. */
export async function bareSide(lab: Lab, data: BenchData, path: StreamPath): Promise<Side> {
  const ping = 'event: ping\ndata: \n\n';
  const put = lab.file('put', path === '/all' ? putText(data) : ping);
  const patch = lab.file('patch', path === '/all' ? patchText(data, 1000) : ping);
  const server = await startBare(lab, 'bare-streams.ts', [put, patch]);
  const ask = lab.tls === undefined ? get : getTls;
  return {
    server,
    publish(count) {
      const to = { host: '127.0.0.1', port: server.port, path: `/publish?n=${count}`, rejectUnauthorized: false };
      ask(to, (answer) => answer.resume());
    },
    close: () => server.stop(),
  };
}

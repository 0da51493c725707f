import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../src/json/json.ts';
import type { BenchData } from './dataset.ts';

/** What a relay connects to: one data set for every SDK key, and a sink for events. */
export interface Upstream {
  readonly uri: string;
  /** Events that arrived. */
  events(): number;
  /** Sends `count` patches of one flag back to back to every relay. */
  patch(count: number): void;
  close(): Promise<void>;
}

/** Text of the first event of `/all`. */
export function putText({ flags, segments }: BenchData): string {
  return `event: put\ndata: ${JSON.stringify({ path: '/', data: { flags, segments } })}\n\n`;
}

/** Text of a patch that gives the first flag a version. */
export function patchText({ flags }: BenchData, version: number): string {
  const [key, flag] = Object.entries(flags)[0] as [string, JsonObject];
  return `event: patch\ndata: ${JSON.stringify({ path: `/flags/${key}`, data: { ...flag, version } })}\n\n`;
}

/** Starts an upstream in this process. */
export async function startUpstream(data: BenchData): Promise<Upstream> {
  const put = Buffer.from(putText(data));
  const streams = new Set<ServerResponse>();
  let version = 1_000;
  let events = 0;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/all') === true) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(put);
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    void bodyOf(request).then((body) => {
      if (request.method === 'POST' && request.url?.includes('bulk') === true) events += countOf(request, body);
      response.writeHead(request.method === 'POST' ? 202 : 404).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events: () => events,
    patch(count) {
      let text = '';
      for (let i = 0; i < count; i++) text += patchText(data, ++version);
      for (const stream of streams) stream.write(text);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function countOf(request: IncomingMessage, body: Buffer): number {
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  return (JSON.parse(text.toString()) as unknown[]).length;
}

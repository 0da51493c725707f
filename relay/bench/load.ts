/**
 * A closed-loop load on loopback, in a process of its own so that it can be held to a core: `connections` keep-alive sockets, each
 * sending its next request when the last answer is complete. Argument: a {@link LoadSpec} as JSON. Prints a {@link LoadResult} as JSON.
 */
import type { Socket } from 'node:net';
import { connectTo } from './connect.ts';

/** What to send. */
export interface LoadSpec {
  readonly port: number;
  readonly tls?: boolean;
  /** Request texts without the final blank line, cycled through. */
  readonly requests: readonly string[];
  /** Sent behind every head. */
  readonly body?: string;
  readonly connections: number;
  readonly warmMs: number;
  readonly measureMs: number;
}

/** What came of it. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** All complete answers, those of the warm-up too. */
  readonly answers: number;
  /** Bytes of the last body. */
  readonly bodyBytes: number;
  /** Answers with another status than the first one's. */
  readonly odd: number;
  readonly status: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

function main(spec: LoadSpec): void {
  const requests = spec.requests.map((text) => Buffer.from(`${text}\r\n\r\n${spec.body ?? ''}`));
  const latencies: number[] = [];
  const sockets: Socket[] = [];
  let next = 0;
  let answers = 0;
  let bodyBytes = 0;
  let odd = 0;
  let status = 0;
  let measuring = false;

  const open = () => {
    const socket = connectTo(spec.port, spec.tls === true);
    sockets.push(socket);
    let sentAt = 0;
    let missing = -1;
    let head: Buffer = Buffer.alloc(0);
    const send = () => {
      sentAt = performance.now();
      missing = -1;
      head = Buffer.alloc(0);
      socket.write(requests[next++ % requests.length] as Buffer);
    };
    socket.on('connect', send);
    socket.on('error', (error) => fail(error.message));
    socket.on('data', (chunk: Buffer) => {
      if (missing < 0) {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        const text = head.toString('latin1', 0, end);
        const code = Number(text.slice(9, 12));
        const length = code === 304 ? 0 : Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
        if (Number.isNaN(length)) fail(`an answer without Content-Length: ${text}`);
        if (status === 0) status = code;
        else if (code !== status) odd += 1;
        bodyBytes = length;
        missing = length - (head.length - end - 4);
      } else {
        missing -= chunk.length;
      }
      if (missing <= 0) {
        answers += 1;
        if (measuring) latencies.push(performance.now() - sentAt);
        send();
      }
    });
  };

  for (let i = 0; i < spec.connections; i += 1) open();
  setTimeout(() => {
    measuring = true;
    const started = performance.now();
    setTimeout(() => {
      const seconds = (performance.now() - started) / 1000;
      measuring = false;
      for (const socket of sockets) socket.destroy();
      latencies.sort((a, b) => a - b);
      const at = (q: number) =>
        latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? Number.NaN;
      const result: LoadResult = {
        perSecond: latencies.length / seconds,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        answers,
        bodyBytes,
        odd,
        status,
      };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }, spec.measureMs);
  }, spec.warmMs);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

main(JSON.parse(process.argv[2] ?? '{}') as LoadSpec);

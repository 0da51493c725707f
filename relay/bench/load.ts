/**
 * A load on loopback, in a process of its own so that it can be held to a core. Closed loop: `connections` keep-alive sockets, each sending its
 * next request when the last answer is complete. Open loop, with `rate`: a request is due at each tick of a clock, whether answers come or not,
 * goes out on the first free socket, and its latency counts from the moment it was due.
 * Argument: a {@link LoadSpec} as JSON. Prints a {@link LoadResult} as JSON.
 */
import type { Socket } from 'node:net';
import { answerReader } from './answer-reader.ts';
import { connectTo } from './connect.ts';
import { NUMBER, numberText } from './numbered.ts';

/** What to send. */
export interface LoadSpec {
  readonly port: number;
  readonly tls?: boolean;
  /** Request texts without the final blank line, cycled through; a {@link NUMBER} in one is another number each time. */
  readonly requests: readonly string[];
  /** Sent behind every head. */
  readonly body?: string;
  readonly connections: number;
  /** Requests/s of an open loop; a closed loop when absent. */
  readonly rate?: number;
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

function main(spec: LoadSpec): void {
  const requests = spec.requests.map((text) => {
    const whole = `${text}\r\n\r\n${spec.body ?? ''}`;
    const [before = '', after] = whole.split(NUMBER);
    const bytes = Buffer.from(whole);
    return after === undefined ? () => bytes : (count: number) => before + numberText(count) + after;
  });
  const latencies: number[] = [];
  const sockets: Socket[] = [];
  // Goes on from the number of the load before: a clock of µs is ahead of every count of requests.
  let next = Number((process.hrtime.bigint() / 1000n) % 900_000_000n);
  let answers = 0;
  let bodyBytes = 0;
  let odd = 0;
  let status = 0;
  let measuring = false;

  // Of an open loop: sockets that wait for a request, and the number of the first request that has not gone out.
  const free: ((dueAt: number) => void)[] = [];
  const gapMs = spec.rate === undefined ? 0 : 1000 / spec.rate;
  const startedAt = performance.now();
  let due = 0;

  const open = () => {
    const socket = connectTo(spec.port, spec.tls === true);
    sockets.push(socket);
    let since = 0;
    const read = answerReader();
    const send = (from: number) => {
      since = from;
      socket.write(requests[next % requests.length]?.(next) ?? '');
      next += 1;
    };
    const go = spec.rate === undefined ? () => send(performance.now()) : () => free.push(send);
    socket.on('connect', go);
    socket.on('error', (error) => fail(error.message));
    socket.on('data', (chunk: Buffer) => {
      const answer = read(chunk);
      if (answer === undefined) return;
      if (status === 0) status = answer.status;
      else if (answer.status !== status) odd += 1;
      bodyBytes = answer.bodyBytes;
      answers += 1;
      if (measuring) latencies.push(performance.now() - since);
      go();
    });
  };

  // Timers are late by up to 1 ms, which would count as latency: the loop turns all the time instead.
  let ended = false;
  const tick = () => {
    if (ended) return;
    const now = performance.now();
    for (let at = startedAt + due * gapMs; at <= now && free.length > 0; at = startedAt + due * gapMs) {
      free.pop()?.(at);
      due += 1;
    }
    setImmediate(tick);
  };

  for (let i = 0; i < spec.connections; i += 1) open();
  if (spec.rate !== undefined) tick();
  setTimeout(() => {
    measuring = true;
    const started = performance.now();
    setTimeout(() => {
      const seconds = (performance.now() - started) / 1000;
      measuring = false;
      ended = true;
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

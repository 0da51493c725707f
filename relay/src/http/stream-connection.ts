import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { jobAfter } from '../jobs/jobs.ts';
import { ClosableConnection, type StreamConnection } from '../streams/connection.ts';
import { type Frame, LAST_CHUNK } from '../streams/sse.ts';

/** Headers of every stream of server-sent events; nothing on the way may keep or gather them. */
export const SSE_HEADERS: readonly string[] = [
  'Content-Type',
  'text/event-stream; charset=utf-8',
  'Cache-Control',
  'no-cache, no-store, must-revalidate',
  'Connection',
  'keep-alive',
  'X-Accel-Buffering',
  'no',
];

/** A stream on a socket that was taken over from `node:http`: frames go out as the chunks they are framed as. */
class SocketConnection extends ClosableConnection {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('error', ignoreReset);
    // A client that half-closes is gone: Go's server treats it the same way.
    socket.on('end', destroyThis);
    socket.on('close', () => this.hasClosed());
    socket.resume();
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  write(frame: Frame): void {
    if (this.#socket.writable) this.#socket.write(frame.chunk);
  }

  writeThen(frame: Frame, done: () => void): void {
    if (this.#socket.writable) this.#socket.write(frame.chunk, done);
    else done();
  }

  end(graceMs: number): void {
    if (this.#socket.writable) this.#socket.end(LAST_CHUNK);
    cutAfter(this.#socket, graceMs);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** A stream on an ordinary response: HTTP/1.0 clients, and requests with a body (REPORT), whose socket cannot be taken over. */
class ResponseConnection extends ClosableConnection {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    super();
    this.#response = response;
    response.on('error', ignoreReset);
    response.on('close', () => this.hasClosed());
  }

  get pendingBytes(): number {
    return this.#response.writableLength + (this.#response.socket?.writableLength ?? 0);
  }

  write(frame: Frame): void {
    if (this.#response.writable) this.#response.write(frame.bytes);
  }

  writeThen(frame: Frame, done: () => void): void {
    if (this.#response.writable) this.#response.write(frame.bytes, done);
    else done();
  }

  end(graceMs: number): void {
    const { socket } = this.#response;
    this.#response.end();
    if (socket !== null) cutAfter(socket, graceMs);
  }

  destroy(): void {
    this.#response.destroy();
  }
}

/** Makes a stream of an ordinary response whose head was not sent yet. */
export function streamOnResponse(response: ServerResponse, headers: readonly string[]): StreamConnection {
  response.writeHead(200, headers as string[]);
  response.flushHeaders();
  return new ResponseConnection(response);
}

/**
 * Makes a stream of a socket that `node:http` let go of (see `takeover.ts`) and hands it to `use`. The head goes out with what `use`
 * writes at once, or alone: SDKs time out without it.
 * @param headers names and values in turn; a list that is used again is put together once
 */
export function streamOnSocket(
  socket: Socket,
  headers: readonly string[],
  use: (connection: StreamConnection) => void,
): void {
  socket.cork();
  try {
    socket.write(`${headOf(headers)}Date: ${httpDate()}\r\nTransfer-Encoding: chunked\r\n\r\n`, 'latin1');
    use(new SocketConnection(socket));
  } finally {
    socket.uncork();
  }
}

const heads = new WeakMap<readonly string[], string>();

/** The status line and headers, but for those that each answer has of its own. */
function headOf(headers: readonly string[]): string {
  let head = heads.get(headers);
  if (head === undefined) {
    head = 'HTTP/1.1 200 OK\r\n';
    for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
    heads.set(headers, head);
  }
  return head;
}

let second = 0;
let date = '';

/** The time as headers have it, put together once a second. */
function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}

function cutAfter(socket: Socket, graceMs: number): void {
  if (socket.destroyed) return;
  if (graceMs <= 0 && socket.writableLength === 0) {
    // FIN is on its way behind the last chunk; the peer's answer is not waited for.
    socket.destroySoon();
    return;
  }
  const timer = jobAfter('stream-end', Math.max(graceMs, 100), () => socket.destroy());
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

function destroyThis(this: Socket): void {
  this.destroy();
}

/** A connection reset by the peer is how streams normally end; `close` follows and does the book-keeping. */
function ignoreReset(): void {}

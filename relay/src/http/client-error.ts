import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { endWaiting } from './outbox.ts';

/** Statuses of what Node's HTTP parser refuses before there is a request. */
const STATUS = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** How long a client may go on sending after it was answered, in ms. */
const LINGER_MS = 1_000;

/**
 * Answers requests that cannot be parsed: 431 for a head above the limit, 408 for one that takes too long, else 400
 * (contract 1.1). The connection is closed a moment later: closed at once, the client would see a reset instead of the answer
 * while it is still sending.
 */
export function answerClientErrors(server: Server): void {
  const answered = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (answered.has(socket)) return;
    answered.add(socket);
    // What was sent before the mistake may still wait for its answer.
    endWaiting();
    const { _httpMessage: open } = socket as { _httpMessage?: { headersSent: boolean } };
    if (!socket.writable || error.code === 'ECONNRESET' || open?.headersSent === true) {
      socket.destroy();
      return;
    }
    const status = STATUS.get(error.code ?? '') ?? '400 Bad Request';
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: ${status.length}\r\n\r\n${status}`,
    );
  });
}

import type { IncomingMessage } from 'node:http';

/** Why a request body could not be read. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly reason: 'too-large' | 'too-slow' | 'aborted';

  constructor(reason: BodyError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A body must be complete after this time, in ms: slow bodies must not hold memory for ever. */
const BODY_TIMEOUT_MS = 60_000;

/**
 * Reads a whole request body.
 * @param limit bytes; more is refused
 * @throws {BodyError} when it is larger, takes too long, or the client goes away
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  timeoutMs: number = BODY_TIMEOUT_MS,
): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  // A request without a body has ended already, without an `end` event to wait for.
  if (request.readableEnded || (declared === 0 && request.headers['transfer-encoding'] === undefined)) {
    return Promise.resolve(Buffer.alloc(0));
  }
  if (declared > limit)
    return Promise.reject(new BodyError('too-large', `the request body has more than ${limit} bytes`));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(
      () => fail('too-slow', `the request body was not complete after ${timeoutMs} ms`),
      timeoutMs,
    );
    const fail = (reason: BodyError['reason'], message: string) => {
      stop();
      request.resume();
      reject(new BodyError(reason, message));
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) fail('too-large', `the request body has more than ${limit} bytes`);
      else chunks.push(chunk);
    };
    const onEnd = () => {
      stop();
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    };
    const onClose = () => fail('aborted', 'the client went away before the request body was complete');
    const stop = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

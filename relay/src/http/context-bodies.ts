import type { ServerResponse } from 'node:http';
import type { JsonBounds } from '../json/bounds.ts';
import type { BodyError, BodyReader } from './body.ts';
import { type HeaderList, sendEmpty, sendMessage } from './reply.ts';

/** How contexts are read from request bodies. */
export interface ContextBodies {
  readonly reader: BodyReader;
  /** Bytes that one may have. */
  readonly maxBytes: number;
  /** Of those in a path, too. */
  readonly bounds: JsonBounds;
}

/** Says how to go on to a client that is answered 503 because of others. */
export const RETRY_LATER: HeaderList = ['Retry-After', '1'];

/** Answers a body that could not be read (contract 11.1, body limit). */
export function sendBodyError(response: ServerResponse, error: BodyError, headers: HeaderList): void {
  switch (error.reason) {
    case 'too-large':
      sendMessage(response, 413, 'Request body exceeds maximum allowed size.', [...headers, 'Connection', 'close']);
      return;
    case 'too-slow':
      sendEmpty(response, 408, [...headers, 'Connection', 'close']);
      return;
    case 'busy':
      sendMessage(response, 503, 'The relay is busy, try again later.', [
        ...headers,
        ...RETRY_LATER,
        'Connection',
        'close',
      ]);
      return;
    case 'aborted':
      response.destroy();
  }
}

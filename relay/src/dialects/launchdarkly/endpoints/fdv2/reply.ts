import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SharedBody } from '../../../../encoding/shared-body.ts';
import { acceptsGzip } from '../../../../http/negotiation.ts';
import { type HeaderList, sendEmpty } from '../../../../http/reply.ts';

/** Text of the 503 while there are no data. ld-relay 9 answers 500; SDKs try again after either. */
export const NOT_INITIALIZED = 'Service not initialized';

/** How {@link sendEvents} answers. */
export interface EventsReply {
  readonly headers: HeaderList;
  /** Compress for clients that take it. */
  readonly compression: boolean;
  /** Answer 304 to a client that has this body. */
  readonly revalidates: boolean;
}

/** Smaller bodies are not worth compressing. */
const MIN_GZIP_BYTES = 1024;

/** Answers a poll with its events and their tag (contract 11.3). */
export function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  body: SharedBody,
  { headers, compression, revalidates }: EventsReply,
): void {
  const tagged = ['ETag', body.etag, ...headers];
  if (revalidates && hasTag(request, body.etag)) {
    sendEmpty(response, 304, tagged);
    return;
  }
  const head = ['Content-Type', 'application/json', ...tagged];
  const plain = () => {
    response.writeHead(200, [...head, 'Content-Length', String(body.bytes.length)]);
    response.end(body.bytes);
  };
  if (!compression || body.bytes.length < MIN_GZIP_BYTES) {
    plain();
    return;
  }
  head.push('Vary', 'Accept-Encoding');
  if (!acceptsGzip(request)) {
    plain();
    return;
  }
  body.gzipped().then((bytes) => {
    response.writeHead(200, [...head, 'Content-Encoding', 'gzip', 'Content-Length', String(bytes.length)]);
    response.end(bytes);
  }, plain);
}

/** The tag as it was sent, or in the quotes or as the weak tag that HTTP caches make of it. */
function hasTag(request: IncomingMessage, tag: string): boolean {
  const sent = request.headers['if-none-match'];
  return sent === tag || sent === `"${tag}"` || sent === `W/${tag}` || sent === `W/"${tag}"`;
}

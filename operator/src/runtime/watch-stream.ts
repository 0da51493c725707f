import { ApiError, TransportError } from '@flagrelay/kube/api-error';
import type { KubernetesObject } from './objects.ts';
import type { WatchEvent } from './rest-types.ts';

/** One watch event may not be larger than this, in characters; etcd refuses objects beyond 1.5 MB. */
const MAX_LINE = 16 * 1024 * 1024;

/**
 * Splits a byte stream into lines, whole whatever the chunk borders are (also inside a UTF-8 character).
 * Throws TransportError `protocol` for a line beyond 16 Mi characters and for a last line without its end: it was cut.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, request: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    for (const [index, piece] of pieces.entries()) {
      parts.push(piece);
      length += piece.length;
      if (length > MAX_LINE) throw new TransportError('protocol', request, 'a watch event exceeds 16 MiB');
      if (index === pieces.length - 1) break;
      const line = parts.join('');
      parts.length = 0;
      length = 0;
      if (line.trim() !== '') yield line;
    }
  }
  if (parts.join('').trim() !== '') throw new TransportError('protocol', request, 'the watch ended inside an event');
}

/**
 * One watch event from its line.
 * Throws ApiError for an ERROR event (410 comes this way) and TransportError `protocol` for anything that is no event.
 */
export function parseWatchEvent<T extends KubernetesObject>(line: string, request: string): WatchEvent<T> {
  let event: { type?: unknown; object?: unknown };
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new TransportError('protocol', request, 'a watch event is not JSON', error);
  }
  const { type, object } = event ?? {};
  if (typeof object !== 'object' || object === null) {
    throw new TransportError('protocol', request, 'a watch event has no object');
  }
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type, object: object as T };
    case 'ERROR': {
      const status = object as {
        code?: number;
        reason?: string;
        message?: string;
        details?: { retryAfterSeconds?: number };
      };
      const seconds = status.details?.retryAfterSeconds;
      throw new ApiError({
        code: status.code ?? 500,
        reason: status.reason ?? 'Unknown',
        message: status.message ?? 'the watch failed',
        retryAfterMs: seconds ? seconds * 1000 : undefined,
        request,
      });
    }
    default:
      throw new TransportError('protocol', request, `unknown watch event type ${JSON.stringify(type)?.slice(0, 40)}`);
  }
}

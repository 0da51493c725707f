import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ItemKind } from '../../../data/data.ts';
import type { SharedBody } from '../../../encoding/shared-body.ts';
import { StoreError } from '../../../errors.ts';
import { acceptsGzip } from '../../../http/negotiation.ts';
import { endSoon } from '../../../http/outbox.ts';
import { type HeaderList, sendEmpty, sendMessage } from '../../../http/reply.ts';
import { describe } from '../../../telemetry/describe.ts';
import type { CompiledData } from '../evaluation/compiled.ts';
import { itemTag, payloadsOf } from '../outlet/payloads.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** Answers from a data set. */
type Answer = (request: IncomingMessage, response: ServerResponse, selected: Selected, data: CompiledData) => void;

/** Smaller bodies are not worth compressing. */
const MIN_GZIP_BYTES = 1024;

/** `/sdk/flags` for PHP (contract 1.6). */
export function allFlags(compression: boolean): EnvironmentHandler {
  return withData((request, response, selected, data) =>
    sendShared(request, response, payloadsOf(data).flagsBody, cacheHeaders(selected), compression),
  );
}

/** `/sdk/latest-all` for server SDKs that poll: flags and segments. ld-relay 8 has no such path. */
export function latestAll(compression: boolean): EnvironmentHandler {
  return withData((request, response, selected, data) =>
    sendShared(request, response, payloadsOf(data).latestBody, cacheHeaders(selected), compression),
  );
}

/** `/sdk/flags/{key}` and `/sdk/segments/{key}` for PHP (contract 1.6): the item as upstream sent it. */
export function oneItem(kind: ItemKind): EnvironmentHandler {
  return withData((request, response, selected, data) => {
    const item = data.data[kind].get(selected.params[0] ?? '');
    if (item === undefined || item.deleted) {
      sendEmpty(response, 404, selected.cors);
      return;
    }
    const tag = itemTag(item);
    const headers = cacheHeaders(selected);
    if (matches(request, tag)) {
      sendEmpty(response, 304, headers);
      return;
    }
    response.writeHead(200, [
      'Content-Type',
      'application/json',
      'ETag',
      tag,
      ...headers,
      'Content-Length',
      String(Buffer.byteLength(item.json)),
    ]);
    endSoon(response, item.json);
  });
}

/**
 * Reads the environment's data. Without any the answer is 503: ld-relay's `200 {}` makes PHP SDKs cache "no flags"
 * (row 11 of contract section 14).
 */
function withData(answer: Answer): EnvironmentHandler {
  const reply = (
    request: IncomingMessage,
    response: ServerResponse,
    selected: Selected,
    data: CompiledData | undefined,
  ) => {
    if (data === undefined) sendMessage(response, 503, 'Service not initialized', selected.cors);
    else answer(request, response, selected, data);
  };
  return (request, response, selected) => {
    try {
      const data = selected.environment.read();
      if (!(data instanceof Promise)) reply(request, response, selected, data);
      else {
        data
          .then((read) => reply(request, response, selected, read))
          .catch((error: unknown) => failed(selected, response, error));
      }
    } catch (error) {
      failed(selected, response, error);
    }
  };
}

function cacheHeaders({ environment, cors }: Selected): HeaderList {
  const { ttlMs } = environment.definition;
  if (ttlMs <= 0) return cors;
  return [...cors, 'Vary', 'Authorization', 'Expires', new Date(Date.now() + ttlMs).toUTCString()];
}

function sendShared(
  request: IncomingMessage,
  response: ServerResponse,
  body: SharedBody,
  headers: HeaderList,
  compression: boolean,
): void {
  if (matches(request, body.etag)) {
    sendEmpty(response, 304, headers);
    return;
  }
  const head = ['Content-Type', 'application/json', 'ETag', body.etag, ...headers];
  const plain = () => {
    response.writeHead(200, [...head, 'Content-Length', String(body.bytes.length)]);
    endSoon(response, body.bytes);
  };
  if (!compression || body.bytes.length < MIN_GZIP_BYTES) {
    plain();
  } else if (!acceptsGzip(request)) {
    head.push('Vary', 'Accept-Encoding');
    plain();
  } else {
    body.gzipped().then((bytes) => {
      head.push('Vary', 'Accept-Encoding', 'Content-Encoding', 'gzip', 'Content-Length', String(bytes.length));
      response.writeHead(200, head);
      endSoon(response, bytes);
    }, plain);
  }
}

/** The tag as it was sent; PHP's unquoted tag also with quotes and as weak, which HTTP caches make of it. */
function matches(request: IncomingMessage, tag: string): boolean {
  const sent = request.headers['if-none-match'];
  if (sent === undefined) return false;
  return sent === tag || sent === `"${tag}"` || sent === `W/${tag}` || sent === `W/"${tag}"`;
}

function failed({ environment, cors }: Selected, response: ServerResponse, error: unknown): void {
  if (error instanceof StoreError) environment.logger.warn('the store could not be read', { error: error.message });
  else
    environment.logger.error('a poll failed', {
      error: describe(error),
    });
  if (response.headersSent) response.destroy();
  else sendEmpty(response, 500, cors);
}

import type { ServerResponse } from 'node:http';
import { endSoon } from './outbox.ts';
import type { RelayResponse } from './response.ts';
import { takeScratch } from './scratch.ts';

/** Header names and values in turn, as `writeHead` takes them without building an object. */
export type HeaderList = readonly string[];

const NO_HEADERS: HeaderList = [];

/** An answer without a body and without a type (contract 1.1, 1.2). */
export function sendEmpty(response: ServerResponse, status: number, headers: HeaderList = NO_HEADERS): void {
  const length = status === 304 || status === 204 ? NO_HEADERS : ['Content-Length', '0'];
  response.writeHead(status, [...headers, ...length]);
  endSoon(response);
}

/** A plain-text error, in the form of Go's `http.Error` (contract 1.1). */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: HeaderList = NO_HEADERS,
): void {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  response.writeHead(status, [
    'Content-Type',
    'text/plain; charset=utf-8',
    'X-Content-Type-Options',
    'nosniff',
    ...headers,
    'Content-Length',
    String(Buffer.byteLength(body)),
  ]);
  endSoon(response, body);
}

/** JSON text with the bare media type that ld-relay sends (contract 1.3). */
export function sendJson(
  response: ServerResponse,
  status: number,
  json: string,
  headers: HeaderList = NO_HEADERS,
): void {
  const length = Buffer.byteLength(json);
  response.writeHead(status, ['Content-Type', 'application/json', ...headers, 'Content-Length', String(length)]);
  // Text of plain ASCII is the same bytes either way, and is written faster without encoding.
  endSoon(response, json, length === json.length ? 'latin1' : 'utf8');
}

/** JSON text in ASCII, in parts, with the bare media type that ld-relay sends (contract 1.3). */
export function sendAsciiJson(response: ServerResponse, parts: readonly string[], headers: HeaderList): void {
  const only = parts[0]!;
  let body: string | Buffer = only;
  if (parts.length > 1) {
    body = fill(takeScratch(lengthOf(parts)), parts);
    (response as RelayResponse).scratch = body;
  }
  response.writeHead(200, ['Content-Type', 'application/json', ...headers, 'Content-Length', String(body.length)]);
  endSoon(response, body, 'latin1');
}

/** JSON text as bytes, plain or compressed, with the bare media type that ld-relay sends (contract 1.3). */
export function sendJsonBytes(response: ServerResponse, body: Buffer, headers: HeaderList): void {
  response.writeHead(200, ['Content-Type', 'application/json', ...headers, 'Content-Length', String(body.length)]);
  endSoon(response, body);
}

/** The bytes of a text in ASCII that comes in parts. */
export function asciiBytes(parts: readonly string[]): Buffer {
  return fill(Buffer.allocUnsafeSlow(lengthOf(parts)), parts);
}

function lengthOf(parts: readonly string[]): number {
  return parts.reduce((length, part) => length + part.length, 0);
}

function fill(bytes: Buffer, parts: readonly string[]): Buffer {
  let at = 0;
  for (const part of parts) at += bytes.write(part, at, 'latin1');
  return bytes;
}

/** `{"message": …}` (contract 1.4). */
export function sendMessage(
  response: ServerResponse,
  status: number,
  message: string,
  headers: HeaderList = NO_HEADERS,
): void {
  sendJson(response, status, JSON.stringify({ message }), headers);
}

/** The router's answer for a path that does not exist (contract 1.1). */
export function sendNotFound(response: ServerResponse): void {
  sendText(response, 404, '404 page not found');
}

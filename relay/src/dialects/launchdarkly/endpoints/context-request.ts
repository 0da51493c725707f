import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyError, type HeldBody, noRoom } from '../../../http/body.ts';
import { type ContextBodies, sendBodyError } from '../../../http/context-bodies.ts';
import { type HeaderList, sendMessage, sendText } from '../../../http/reply.ts';
import { takerOf } from '../../../http/response.ts';
import { turnFor } from '../../../jobs/own-turn.ts';
import type { JsonBounds } from '../../../json/bounds.ts';
import { checkJsonBounds, JsonBoundsError } from '../../../json/json-bounds.ts';
import { type Context, ContextError, parseContext } from '../model/context.ts';

/** A context with the text that it was parsed from. */
export interface ReceivedContext {
  readonly context: Context;
  readonly text: string;
  /** Bytes of memory that it takes, about. */
  readonly cost: number;
}

const BAD_BASE64 = 'context part of URL path did not decode as valid base64';
const BAD_CONTEXT = 'context part of URL path did not decode to valid evaluation context as JSON';

/**
 * Reads the context of a GET path: URL-safe base64, padded or not, of a context or legacy user (contract 1.4). Answers
 * 400 and returns undefined when it is neither.
 */
export function contextOfPath(
  encoded: string,
  response: ServerResponse,
  headers: HeaderList,
  { bounds }: Pick<ContextBodies, 'bounds'>,
): ReceivedContext | undefined {
  const text = decodeBase64Url(encoded);
  if (text === undefined) {
    sendMessage(response, 400, BAD_BASE64, headers);
    return undefined;
  }
  try {
    const cost = checkJsonBounds(text, bounds);
    return { context: parseContext(text), text, cost };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    sendMessage(response, 400, BAD_CONTEXT, headers);
    return undefined;
  }
}

/**
 * Reads the context of a REPORT body (contract 1.4) and hands it to `use`; its memory counts until that has ended. Answers 415, 400, 408,
 * 413 or 503 when there is none. Parameters of the media type are accepted, where ld-relay wants it exact.
 */
export async function withContextOfBody(
  request: IncomingMessage,
  response: ServerResponse,
  headers: HeaderList,
  { reader, maxBytes, bounds }: ContextBodies,
  use: (received: ReceivedContext) => void | Promise<void>,
): Promise<void> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    request.resume();
    sendText(response, 415, 'Content-Type must be application/json.', headers);
    return;
  }
  let body: HeldBody | undefined;
  try {
    let received: ReceivedContext;
    try {
      body = await reader.read(request, maxBytes, takerOf(response));
      const turn = turnFor(body.bytes.length);
      if (turn !== undefined) await turn;
      received = parse(body, bounds);
    } catch (error) {
      if (error instanceof BodyError) sendBodyError(response, error, headers);
      else if (isRefusal(error)) sendMessage(response, 400, error.message, headers);
      else throw error;
      return;
    }
    await use(received);
  } finally {
    body?.release();
  }
}

function parse(body: HeldBody, bounds: JsonBounds): ReceivedContext {
  const text = body.bytes.toString();
  const cost = checkJsonBounds(text, bounds);
  body.reserve(cost);
  return { context: parseContext(text), text, cost };
}

function isRefusal(error: unknown): error is ContextError | JsonBoundsError {
  return error instanceof ContextError || error instanceof JsonBoundsError;
}

/** Contexts of a path that cost less are not counted while their answer waits for a store: there are few in the memory of a connection. */
const COUNTED_COST = 16 * 1024;

/**
 * Does something that waits with a context that came in a path: a large one counts among the bodies meanwhile.
 * @throws {BodyError} when there is no room for it
 */
export async function countingContext(
  response: ServerResponse,
  { reader }: ContextBodies,
  { cost }: ReceivedContext,
  work: () => Promise<void>,
): Promise<void> {
  const room = reader.roomOf(takerOf(response));
  const bytes = cost < COUNTED_COST ? 0 : cost;
  if (!room.take(bytes)) throw noRoom();
  try {
    await work();
  } finally {
    room.give(bytes);
  }
}

const DIGITS = /^[A-Za-z0-9_-]+={0,2}$/;
const EQUALS = 0x3d;

/** Texts up to this many bytes are decoded in one buffer that is used over and over. */
const scratch = Buffer.allocUnsafeSlow(4096);

/** Strict decoding of URL-safe base64 with or without padding; line breaks are skipped as Go's decoder does. */
export function decodeBase64Url(encoded: string): string | undefined {
  const text = encoded.includes('\n') || encoded.includes('\r') ? encoded.replace(/[\r\n]/g, '') : encoded;
  if (!DIGITS.test(text)) return undefined;
  let digits = text.length;
  while (text.charCodeAt(digits - 1) === EQUALS) digits--;
  if (digits % 4 === 1) return undefined;
  // Padding may be left out or cut short, but not be too long.
  if (text.length - digits > (4 - (digits % 4)) % 4) return undefined;
  if (digits > scratch.length) return Buffer.from(text, 'base64url').toString();
  return scratch.toString('utf8', 0, scratch.write(text, 'base64url'));
}

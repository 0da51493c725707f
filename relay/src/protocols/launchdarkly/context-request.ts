import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyError, readBody } from '../../http/body.ts';
import { type HeaderList, sendEmpty, sendMessage, sendText } from '../../http/reply.ts';
import { type Context, ContextError, parseContext } from '../../model/context.ts';

/** A context with the text that it was parsed from. */
export interface ReceivedContext {
  readonly context: Context;
  readonly text: string;
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
): ReceivedContext | undefined {
  const text = decodeBase64Url(encoded);
  if (text === undefined) {
    sendMessage(response, 400, BAD_BASE64, headers);
    return undefined;
  }
  try {
    return { context: parseContext(text), text };
  } catch (error) {
    if (!(error instanceof ContextError)) throw error;
    sendMessage(response, 400, BAD_CONTEXT, headers);
    return undefined;
  }
}

/**
 * Reads the context of a REPORT body (contract 1.4). Answers 415, 400, 408 or 413 and returns undefined when there is none.
 * Parameters of the media type are accepted, where ld-relay wants it exact.
 */
export async function contextOfBody(
  request: IncomingMessage,
  response: ServerResponse,
  headers: HeaderList,
  limit: number,
): Promise<ReceivedContext | undefined> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    request.resume();
    sendText(response, 415, 'Content-Type must be application/json.', headers);
    return undefined;
  }
  let text: string;
  try {
    text = (await readBody(request, limit)).toString();
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    sendBodyError(response, error, headers);
    return undefined;
  }
  try {
    return { context: parseContext(text), text };
  } catch (error) {
    if (!(error instanceof ContextError)) throw error;
    sendMessage(response, 400, error.message, headers);
    return undefined;
  }
}

/** Answers a body that could not be read (contract 11.1, body limit). */
export function sendBodyError(response: ServerResponse, error: BodyError, headers: HeaderList): void {
  switch (error.reason) {
    case 'too-large':
      sendMessage(response, 413, 'Request body exceeds maximum allowed size.', [...headers, 'Connection', 'close']);
      return;
    case 'too-slow':
      sendEmpty(response, 408, [...headers, 'Connection', 'close']);
      return;
    case 'aborted':
      response.destroy();
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

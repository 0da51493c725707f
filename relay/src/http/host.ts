import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendText } from './reply.ts';

/**
 * True for a request with one `Host` at most. Others are answered 400 (RFC 9112, 3.2), as Go does: whoever is before the relay may have
 * looked at another one than the relay would.
 */
export function passesHost(request: IncomingMessage, response: ServerResponse): boolean {
  const { rawHeaders } = request;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts <= 1) return true;
  request.resume();
  sendText(response, 400, '400 Bad Request: too many Host headers', ['Connection', 'close']);
  return false;
}

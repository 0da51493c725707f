import type { IncomingMessage } from 'node:http';

/** A longer list of encodings is not read. */
const MAX_LENGTH = 1024;

/** True when the client takes gzip. `gzip;q=0` and absence mean no; `*` is not taken as gzip, nobody sends it. */
export function acceptsGzip(request: IncomingMessage): boolean {
  const header = request.headers['accept-encoding'];
  if (header === undefined) return false;
  const text = Array.isArray(header) ? header.join(',') : header;
  return text.length <= MAX_LENGTH && /(^|,)\s*gzip\s*($|,|;(?!\s*q=0(\.0*)?\s*($|,)))/i.test(text);
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** A complete answer. */
export interface Answer {
  readonly status: number;
  /** Bytes of its body. */
  readonly bodyBytes: number;
}

/**
 * Reads the answers of one connection, each with a Content-Length or the status 304. Call the result with each chunk; it answers undefined
 * until an answer is whole. For one request at a time. @throws {Error} for an answer of another kind
 */
export function answerReader(): (chunk: Buffer) => Answer | undefined {
  let head: Buffer = Buffer.alloc(0);
  let missing = -1;
  let status = 0;
  let bodyBytes = 0;
  return (chunk) => {
    if (missing < 0) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const end = head.indexOf(HEAD_END);
      if (end < 0) return undefined;
      const text = head.toString('latin1', 0, end);
      status = Number(text.slice(9, 12));
      bodyBytes = status === 304 ? 0 : Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
      if (Number.isNaN(bodyBytes)) throw new Error(`an answer without Content-Length: ${text}`);
      missing = bodyBytes - (head.length - end - 4);
    } else {
      missing -= chunk.length;
    }
    if (missing > 0) return undefined;
    missing = -1;
    head = Buffer.alloc(0);
    return { status, bodyBytes };
  };
}

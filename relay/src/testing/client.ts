import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** Parts of a request beside its path. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** One request to a relay on loopback, with the path sent exactly as given. */
export function ask(port: number, path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, path, method, headers: { ...headers, ...length }, agent: false, timeout: 10_000 },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: bytes, text: bytes.toString() });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${path} in 10 s`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** One server-sent event. */
export interface ReceivedEvent {
  readonly event: string;
  readonly data: string;
}

/** An open stream of a relay. */
export interface StreamClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Everything that came, as text. */
  readonly text: () => string;
  /** Complete events so far. */
  readonly events: () => ReceivedEvent[];
  readonly closed: () => boolean;
  /** Resolves when `condition` holds, looked at whenever something comes; rejects after 10 s. */
  until(condition: () => boolean): Promise<void>;
  close(): void;
}

/** Opens a stream and waits for its head. */
export function openStream(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<StreamClient> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, path, method, headers: { ...headers, ...length }, agent: false },
      (incoming) => resolve(follow(incoming)),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function follow(incoming: IncomingMessage): StreamClient {
  let text = '';
  let closed = false;
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of [...listeners]) listener();
  };
  incoming.setEncoding('utf8');
  incoming.on('data', (chunk: string) => {
    text += chunk;
    notify();
  });
  const onClose = () => {
    closed = true;
    notify();
  };
  incoming.on('end', onClose).on('close', onClose).on('error', onClose);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    text: () => text,
    events: () => parseEvents(text),
    closed: () => closed,
    until(condition) {
      if (condition()) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(check);
          reject(new Error(`the stream did not get there in 10 s; received: ${text.slice(0, 500)}`));
        }, 10_000);
        const check = () => {
          if (!condition()) return;
          clearTimeout(timer);
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
      });
    },
    close: () => incoming.destroy(),
  };
}

function parseEvents(text: string): ReceivedEvent[] {
  return text
    .replace(/^:.*\n/gm, '')
    .split('\n\n')
    .slice(0, -1)
    .map((block) => {
      const match = /^event: (.*)\ndata: (.*)$/s.exec(block);
      return { event: match?.[1] ?? '', data: match?.[2] ?? '' };
    });
}

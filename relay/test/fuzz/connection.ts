import { createConnection, type Socket } from 'node:net';
import type { FuzzRequest } from './requests.ts';

/** How long an answer may take, in ms, before the relay counts as hung. */
const ANSWER_MS = 60_000;
const CHUNKED_END = Buffer.from('0\r\n\r\n');

/** Takes answers off a connection. */
class Answers {
  #data: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): void {
    this.#data = this.#data.length === 0 ? chunk : Buffer.concat([this.#data, chunk]);
  }

  /** The next complete answer; undefined until there is one. */
  take(method: string): { status: number; stream: boolean } | undefined {
    for (;;) {
      const end = this.#data.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const head = this.#data.toString('latin1', 0, end + 2);
      const status = Number(head.slice(9, 12));
      if (!head.startsWith('HTTP/1.1 ')) throw new Error(`no answer, but ${JSON.stringify(head.slice(0, 1000))}`);
      let next: number | undefined = end + 4;
      const stream = /\r\ncontent-type: text\/event-stream/i.test(head);
      if (status >= 200 && status !== 204 && status !== 304 && method !== 'HEAD' && !stream)
        next = this.#bodyEnd(head, next);
      if (next === undefined || next > this.#data.length) return undefined;
      this.#data = this.#data.subarray(next);
      if (status >= 200) return { status, stream };
    }
  }

  #bodyEnd(head: string, start: number): number | undefined {
    const length = /\r\ncontent-length: (\d+)/i.exec(head);
    if (length !== null) return start + Number(length[1]);
    const end = this.#data.indexOf(CHUNKED_END, start);
    return end < 0 ? undefined : end + CHUNKED_END.length;
  }
}

/**
 * Sends requests at once on one connection and counts the answers. Returns how many were answered; fewer than all when
 * one of them opened a stream or the relay closed the connection, as it may after a request that it refused.
 * @throws when an answer does not come within a minute
 */
export function pipeline(
  port: number,
  requests: readonly FuzzRequest[],
  count: (status: number, request: FuzzRequest) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    const answers = new Answers();
    let answered = 0;
    const finish = (): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(ANSWER_MS, () => {
      socket.destroy();
      reject(new Error(`no answer in a minute to:\n${requests[answered]?.head.slice(0, 2000)}`));
    });
    socket.on('data', (chunk) => {
      answers.feed(chunk);
      try {
        for (let request = requests[answered]; request !== undefined; request = requests[answered]) {
          const answer = answers.take(request.method);
          if (answer === undefined) return;
          answered++;
          count(answer.status, request);
          if (answer.stream) break;
        }
        finish();
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    });
    socket.on('close', finish);
    socket.on('error', finish);
    socket.write(Buffer.concat(requests.map((request) => request.bytes)));
  });
}

/** Sends bytes and half-closes; returns the status of the first answer, or undefined when the relay just closes. */
export function sendRaw(port: number, bytes: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
    const finish = (status?: number): void => {
      socket.destroy();
      resolve(status);
    };
    socket.setTimeout(ANSWER_MS, () => {
      socket.destroy();
      reject(
        new Error(
          `neither answered nor closed in a minute: ${JSON.stringify(bytes.toString('latin1').slice(0, 2000))}`,
        ),
      );
    });
    socket.once('data', (chunk) => finish(Number(chunk.toString('latin1', 9, 12))));
    socket.on('end', () => finish());
    socket.on('close', () => finish());
    socket.on('error', () => finish());
    socket.end(bytes);
  });
}

/** Opens a connection, sends bytes and then nothing more. Resolves when it is open. */
export function stall(port: number, bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.write(bytes);
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

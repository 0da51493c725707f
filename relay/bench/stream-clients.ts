import type { Socket } from 'node:net';
import { connectTo } from './connect.ts';

/** Many open streams of one server. */
export interface StreamClients {
  /** Opens them all at once. Resolves with the ms until every one has its first event. */
  open(): Promise<number>;
  /** Calls `send`, which makes the server send `events` to every stream. Resolves with the ms until the last client has the last. */
  deliver(events: number, send: () => void): Promise<number>;
  /** Cuts all of them. */
  cut(): void;
}

const DEADLINE_MS = 60_000;
const EVENT_END = '\n\n';
const NEWLINE = 10;

/** Makes `count` clients that send `request` (a head without its blank line). */
export function streamClients(port: number, count: number, request: string, tls = false): StreamClients {
  let sockets: Socket[] = [];
  let missing = 0;
  let arrived: (() => void) | undefined;
  let failed: ((error: Error) => void) | undefined;

  // Every event counts once; of the first ones of a socket that opens, exactly one is awaited.
  const start = (): Socket => {
    const socket = connectTo(port, tls);
    let endsWithNewline = false;
    socket.on('connect', () => socket.write(`${request}\r\n\r\n`));
    socket.on('error', (error) => failed?.(error));
    socket.on('data', (chunk: Buffer) => {
      let found = endsWithNewline && chunk[0] === NEWLINE ? 1 : 0;
      for (let at = chunk.indexOf(EVENT_END); at >= 0; at = chunk.indexOf(EVENT_END, at + 2)) found++;
      endsWithNewline = chunk.at(-1) === NEWLINE && chunk.at(-2) !== NEWLINE;
      if (found === 0) return;
      missing -= found;
      if (missing <= 0) arrived?.();
    });
    return socket;
  };

  const until = async (events: number, act: () => void): Promise<number> => {
    missing = events;
    const started = performance.now();
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        arrived = resolve;
        failed = reject;
        timer = setTimeout(() => reject(new Error(`${missing} of ${events} events are missing`)), DEADLINE_MS);
        act();
      });
    } finally {
      clearTimeout(timer);
      arrived = undefined;
      failed = undefined;
    }
    return performance.now() - started;
  };

  return {
    open: () =>
      until(count, () => {
        sockets = Array.from({ length: count }, start);
      }),
    deliver: (events, send) => until(events * count, send),
    cut() {
      for (const socket of sockets) {
        if (tls) socket.destroy();
        else socket.resetAndDestroy();
      }
      sockets = [];
    },
  };
}

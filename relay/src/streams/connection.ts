import type { Frame } from './sse.ts';

/** One SDK's open stream, as the hub sees it. How the bytes travel (raw socket, `node:http` response, TLS) is behind it. */
export interface StreamConnection {
  /** Sends a frame; what the peer does not take yet waits in memory. Does nothing once closed. */
  write(frame: Frame): void;
  /** Like {@link write}; `done` is called once the frame has left for the kernel, or the connection closed. */
  writeThen(frame: Frame, done: () => void): void;
  /** Bytes that wait for the peer. */
  readonly pendingBytes: number;
  /** Sends what waits, then ends the response. Cuts after `graceMs` when the peer does not take it. */
  end(graceMs: number): void;
  /** Cuts at once. */
  destroy(): void;
  /** Called once, when the connection is gone for whatever reason. Set before the first write. */
  onClose: (() => void) | undefined;
}

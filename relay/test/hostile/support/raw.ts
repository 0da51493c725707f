import { connect, type Socket } from 'node:net';

/** A connection whose bytes the test writes itself; errors are expected. */
export class RawConnection implements Disposable {
  readonly socket: Socket;
  #received = '';
  #closed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => {
      this.#closed = true;
    });
    this.socket.on('close', () => {
      this.#closed = true;
    });
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = (this.#received + chunk.toString('latin1')).slice(-65_536);
    });
  }

  /** The last 64 KiB that came, as latin1. */
  get received(): string {
    return this.#received;
  }

  /** The relay or the network ended the connection. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Writes bytes; resolves when the kernel has taken them or the connection is closed. */
  write(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed || !this.socket.writable) return resolve();
      const done = (): void => {
        this.socket.off('close', done);
        resolve();
      };
      this.socket.once('close', done);
      this.socket.write(bytes, done);
    });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Connects to a server on loopback; `connect` is emitted once data can be sent, with TLS too. Its certificate is not checked. */
export function connectTo(port: number, tls: boolean): Socket {
  if (!tls) return connect({ port, host: '127.0.0.1', noDelay: true });
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.setNoDelay(true);
  return socket;
}

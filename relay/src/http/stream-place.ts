import type { Socket } from 'node:net';
import type { Crowd, Place, StreamLimits } from '../streams/limits.ts';

interface PlacedSocket extends Socket {
  streamPlace?: Place | undefined;
  streamLimits?: StreamLimits;
}

/**
 * Counts a stream that opens now until its connection closes; a connection has one.
 * @param credential its digest
 * @returns what there are too many of, if there are
 */
export function takePlace(
  limits: StreamLimits,
  from: Socket,
  isPublic: boolean,
  credential: string,
): Crowd | undefined {
  const socket: PlacedSocket = from;
  const place = limits.enter(isPublic, credential, () => socket.remoteAddress);
  if (typeof place === 'string') return place;
  if (place === undefined) return undefined;
  if (socket.destroyed) {
    limits.leave(place);
    return undefined;
  }
  // On the socket and not in a closure: there are very many of them.
  if (socket.streamPlace !== undefined) limits.leave(socket.streamPlace);
  else socket.on('close', leavePlace);
  socket.streamPlace = place;
  socket.streamLimits = limits;
  return undefined;
}

function leavePlace(this: PlacedSocket): void {
  const { streamPlace: place } = this;
  this.streamPlace = undefined;
  if (place !== undefined) this.streamLimits?.leave(place);
}

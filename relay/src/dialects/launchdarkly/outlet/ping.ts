import { event, type Frame } from '../../../streams/sse.ts';

/** `ping`: its data is one space (contract 2.2). The SDK polls once, however many come. */
export const PING: Frame = event('ping', ' ', true);

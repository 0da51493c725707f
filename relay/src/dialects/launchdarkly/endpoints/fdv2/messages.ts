import type { Item, ItemKind } from '../../../../data/data.ts';
import { type Frame, frame } from '../../../../streams/sse.ts';
import { oneLine } from '../../outlet/payloads.ts';

/** One event of FDv2 (contract 11.3): an SSE event on streams, an entry of `events` in polls. `data` is JSON text on one line. */
export interface Message {
  readonly event: 'server-intent' | 'put-object' | 'delete-object' | 'payload-transferred';
  readonly data: string;
}

/** What the relay is about to send: nothing, everything, or what changed since the basis. */
export type IntentCode = 'none' | 'xfer-full' | 'xfer-changes';

/** Why, for people who read along: SDKs do not look at it. */
export type IntentReason = 'up-to-date' | 'payload-missing' | 'cant-catchup' | 'stale';

/** SDKs take the first payload of an intent and do not look at its id. */
const PAYLOAD_ID = 'relay';

const WIRE_KINDS: Readonly<Record<ItemKind, string>> = { flags: 'flag', segments: 'segment' };

/** Opens a transfer; `target` is the payload version that the SDK will have afterwards. */
export function serverIntent(intentCode: IntentCode, reason: IntentReason, target: number): Message {
  return {
    event: 'server-intent',
    data: JSON.stringify({ payloads: [{ id: PAYLOAD_ID, target, intentCode, reason }] }),
  };
}

/** The item as upstream sent it, or its deletion. */
export function changeOf(item: Item): Message {
  const head = `{"version":${item.version},"kind":"${WIRE_KINDS[item.kind]}","key":${JSON.stringify(item.key)}`;
  return item.deleted
    ? { event: 'delete-object', data: `${head}}` }
    : { event: 'put-object', data: `${head},"object":${oneLine(item.json)}}` };
}

/** Closes a transfer: from now on the SDK may use the objects, and names `state` as its basis. */
export function payloadTransferred(state: string, version: number): Message {
  return { event: 'payload-transferred', data: JSON.stringify({ state, version, id: PAYLOAD_ID }) };
}

/** Messages as one piece of a stream. */
export function sseFrame(messages: readonly Message[]): Frame {
  return frame(messages.map(({ event, data }) => `event: ${event}\ndata: ${data}\n\n`).join(''));
}

/** Messages as the body of a poll. */
export function pollBody(messages: readonly Message[]): string {
  return `{"events":[${messages.map(({ event, data }) => `{"event":"${event}","data":${data}}`).join(',')}]}`;
}

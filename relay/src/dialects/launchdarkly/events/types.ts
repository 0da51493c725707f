import type { DataSet } from '../../../data/data.ts';

/** The three families of event endpoints, each with its own credential (contract 5.3). */
export type EventFamily = 'server' | 'mobile' | 'browser';

/** What keeps batches apart: mixing them would corrupt data (contract 14, row 25). */
export interface BatchMetadata {
  readonly family: EventFamily;
  /** `X-LaunchDarkly-Event-Schema`; 1 when absent. */
  readonly schema: number;
  /** `X-LaunchDarkly-Tags`; empty when absent. */
  readonly tags: string;
}

/** One posted batch of analytics events. */
export interface EventBatch {
  readonly metadata: BatchMetadata;
  /** The body: JSON text that should be an array. It is not kept. */
  readonly body: Buffer;
  /** The SDK's payload id, for the case that the batch is forwarded as it came. */
  readonly payloadId: string | undefined;
  /** The SDK did not summarise: schema 1 or 2, or PHP's header (contract 5.3). */
  readonly unsummarized: boolean;
  /** Nobody waits for the answer any more: it is better not taken, since its sender will try again. */
  readonly gone?: () => boolean;
}

/** What becomes of a batch. */
export type Acceptance =
  /** It was taken; what of it cannot be forwarded is counted. Also where it was nothing that could ever be. */
  | 'taken'
  /** There was no room for it in time, and nothing of it was taken. */
  | 'busy'
  /** It is larger than there could ever be room for. */
  | 'too_large';

/** Why events were lost. */
export type DropReason =
  /** There was no room for the rest of a batch whose beginning was taken. */
  | 'capacity'
  /** Not valid JSON, an event that cannot be summarised, or one with numbers that are infinite or not exact. */
  | 'invalid'
  /** Upstream refused the credential. */
  | 'refused'
  /** Upstream does not take this event: it answered 400 or the like. */
  | 'rejected'
  /** Upstream found it too large, or it is larger than there could ever be room for. */
  | 'too_large'
  /** Upstream could not be reached, or failed, for too long. */
  | 'failed'
  /** The relay went down before they could be sent. */
  | 'shutdown';

/** Counts events of one environment. */
export interface EventMetrics {
  received(count: number): void;
  forwarded(count: number): void;
  dropped(count: number, reason: DropReason): void;
  /** A diagnostic event, which is not counted with the others. */
  diagnosticDropped(reason: DropReason): void;
  /** A post whose answer waited for room. */
  delayed(): void;
  /** A post that was answered with 503. */
  turnedAway(): void;
}

/** The environment as the forwarder sees it; asked again whenever something is sent, since keys rotate. */
export interface EventEnvironment {
  readonly sdkKey: string | undefined;
  readonly mobileKey: string | undefined;
  readonly envId: string | undefined;
  /** The flags, for what very old SDKs leave out; undefined when there are none or the store cannot be read. */
  data(): Promise<DataSet | undefined>;
}

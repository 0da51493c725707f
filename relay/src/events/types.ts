import type { DataSet } from '../model/data.ts';

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
  /** The body: JSON text that should be an array. */
  readonly body: string;
  /** The SDK's payload id, for the case that the batch is forwarded as it came. */
  readonly payloadId: string | undefined;
  /** The SDK did not summarise: schema 1 or 2, or PHP's header (contract 5.3). */
  readonly unsummarized: boolean;
}

/** Why events were lost. */
export type DropReason =
  /** The queue was full. */
  | 'capacity'
  /** Too many different tags and schemas at a time. */
  | 'queues'
  /** Not valid JSON, or an event that cannot be summarised. */
  | 'invalid'
  /** Upstream refused the credential. */
  | 'refused'
  /** Upstream found the batch too large. */
  | 'too_large'
  /** Upstream could not be reached or failed twice. */
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
}

/** The environment as the forwarder sees it; asked again whenever something is sent, since keys rotate. */
export interface EventEnvironment {
  readonly sdkKey: string | undefined;
  readonly mobileKey: string | undefined;
  readonly envId: string | undefined;
  /** The flags, for what very old SDKs leave out; undefined when there are none or the store cannot be read. */
  data(): Promise<DataSet | undefined>;
}

import type { DataSet, Item } from '../../../../data/data.ts';
import { SharedBody } from '../../../../encoding/shared-body.ts';
import type { Frame } from '../../../../streams/sse.ts';
import { type Fingerprint, stateOf, versionOf } from './fingerprint.ts';
import {
  changeOf,
  type IntentReason,
  type Message,
  payloadTransferred,
  pollBody,
  serverIntent,
  sseFrame,
} from './messages.ts';

/** What an SDK is sent, given what it has: nothing, some items, or everything. */
export type Transfer =
  | { readonly kind: 'none' }
  | { readonly kind: 'changes'; readonly items: readonly Item[] }
  | { readonly kind: 'full'; readonly reason: IntentReason };

/** A data set with its state and its encodings, which are made when they are first asked for and shared by all who get them. */
export class Payload {
  readonly data: DataSet;
  readonly fingerprint: Fingerprint;
  readonly state: string;
  readonly version: number;
  #objects: Frame | undefined;
  #none: SharedBody | undefined;
  readonly #full = new Map<IntentReason, SharedBody>();

  constructor(data: DataSet, fingerprint: Fingerprint) {
    this.data = data;
    this.fingerprint = fingerprint;
    this.state = stateOf(fingerprint);
    this.version = versionOf(fingerprint);
  }

  /** Every flag and segment, and the end of the transfer: the same bytes for every stream, whatever its basis. */
  get objects(): Frame {
    this.#objects ??= sseFrame(this.#everything());
    return this.#objects;
  }

  /** What opens a transfer on a stream. */
  intent(transfer: Transfer): Frame {
    return sseFrame([this.#intent(transfer)]);
  }

  /** Changed items, and the end of the transfer. */
  changes(items: readonly Item[]): Frame {
    return sseFrame(this.#changes(items));
  }

  /** The answer to a poll, with the contract's unquoted `ETag`. */
  body(transfer: Transfer): SharedBody {
    switch (transfer.kind) {
      case 'none':
        this.#none ??= this.#body([this.#intent(transfer)]);
        return this.#none;
      case 'changes':
        return this.#body([this.#intent(transfer), ...this.#changes(transfer.items)]);
      case 'full': {
        let body = this.#full.get(transfer.reason);
        if (body === undefined) {
          body = this.#body([this.#intent(transfer), ...this.#everything()]);
          this.#full.set(transfer.reason, body);
        }
        return body;
      }
    }
  }

  #body(messages: readonly Message[]): SharedBody {
    return new SharedBody(pollBody(messages), `relay-${this.state}`);
  }

  #intent(transfer: Transfer): Message {
    switch (transfer.kind) {
      case 'none':
        return serverIntent('none', 'up-to-date', this.version);
      case 'changes':
        return serverIntent('xfer-changes', 'stale', this.version);
      case 'full':
        return serverIntent('xfer-full', transfer.reason, this.version);
    }
  }

  #changes(items: readonly Item[]): Message[] {
    return [...items.map(changeOf), payloadTransferred(this.state, this.version)];
  }

  /** Segments first: a flag is never without what it refers to. */
  #everything(): Message[] {
    const { flags, segments } = this.data;
    return this.#changes([...segments.values(), ...flags.values()].filter((item) => !item.deleted));
  }
}

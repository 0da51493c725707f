import type { DataSet, Item, ItemKind } from '../../../../data/data.ts';
import { withItem } from '../../../../data/data.ts';
import { jobSoon } from '../../../../jobs/jobs.ts';
import type { Channel } from '../../../../streams/channel.ts';
import type { DataChange } from '../../outlet/data-change.ts';
import type { LaunchDarklyEnvironment } from '../../outlet/outlet.ts';
import { type Changes, changesBetween } from './changes.ts';
import { changed, fingerprintOf, sameLiveData } from './fingerprint.ts';
import { Payload, type Transfer } from './payload.ts';

/** An item that is not as it was. It is looked up in the data of the day, but for a tombstone that they have forgotten. */
interface Touched {
  readonly kind: ItemKind;
  readonly key: string;
  readonly forgotten?: Item;
}

/** Steps and items in them that are remembered; an SDK that is further behind gets everything. */
const MAX_REMEMBERED = 2_000;
/** States that are remembered as left. */
const MAX_LEFT = 1_000;

const feeds = new WeakMap<LaunchDarklyEnvironment, Feed>();

/** The feed of an environment. It is made for the first SDK that speaks FDv2 and costs nothing before. */
export function feedOf(environment: LaunchDarklyEnvironment): Feed {
  let feed = feeds.get(environment);
  if (feed === undefined) {
    feed = new Feed(environment.outlet.fdv2);
    feeds.set(environment, feed);
    environment.outlet.watch(feed.changed);
  }
  return feed;
}

/**
 * The sequence of payloads of one environment: each SDK starts at one of them and is told every step from there.
 *
 * At each reconnect SDKs send the state that they had when they *opened* the stream, although they have moved on. So a
 * basis may name less than an SDK has. What an SDK is sent is therefore every change since the first time of that state;
 * and a state that was left and came back (a flag was made and removed) is not taken for "up to date". Not to be helped:
 * a relay that was started after both cannot know that.
 */
export class Feed {
  readonly #channel: Channel;
  #current: Payload | undefined;
  /** What was touched by the steps from one payload to the next, without gaps. */
  #steps: (readonly Touched[])[] = [];
  /** Number of the first of them. */
  #firstStep = 0;
  #remembered = 0;
  /** The step by which a state was first left. */
  readonly #left = new Map<string, number>();
  /** Data that came from the source and were not looked at yet: one look for all that comes in one turn of the event loop. */
  #pending: DataSet | undefined;
  #scheduled = false;
  /** When the message of the oldest of them had come. */
  #cameAt: number | undefined;
  /** The source told something that the store could not take: reads of the store give older data. */
  #ahead = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** What there is to send; undefined before the first data. */
  get current(): Payload | undefined {
    this.#settle();
    return this.#current;
  }

  /** Takes over a change of the source. */
  readonly changed = (change: DataChange): void => {
    if ('data' in change) {
      this.#pending = change.data;
      this.#ahead = false;
    } else {
      const base = this.#pending ?? this.#current?.data;
      const next = base === undefined ? undefined : withItem(base, change.item);
      if (next === undefined) return;
      this.#pending = next;
      this.#ahead = true;
    }
    this.#cameAt ??= change.since;
    if (this.#scheduled) return;
    this.#scheduled = true;
    jobSoon('fdv2-feed', () => this.#settle());
  };

  /** Takes over what the store has: another relay may have written there. Returns what is to be sent. */
  read(data: DataSet): Payload {
    this.#settle();
    const current = this.#current;
    if (current === undefined) return this.#start(data);
    if (current.data === data) return current;
    const changes = changesBetween(current.data, data);
    if (changes === undefined && this.#ahead) return current;
    return this.#advance(current, data, changes);
  }

  /** What an SDK with this basis has to be sent to get to `payload`; `''` = it has nothing. */
  transfer(payload: Payload, basis: string): Transfer {
    if (basis === payload.state && !this.#left.has(basis)) return { kind: 'none' };
    if (basis === '') return { kind: 'full', reason: 'payload-missing' };
    const items = this.#since(payload, basis);
    if (items === undefined) return { kind: 'full', reason: 'cant-catchup' };
    return items.length === 0 ? { kind: 'none' } : { kind: 'changes', items };
  }

  #settle(): void {
    this.#scheduled = false;
    const data = this.#pending;
    const since = this.#cameAt;
    this.#cameAt = undefined;
    if (data === undefined) return;
    this.#pending = undefined;
    const current = this.#current;
    if (current === undefined) this.#start(data);
    else if (current.data !== data) this.#advance(current, data, changesBetween(current.data, data), since);
  }

  #start(data: DataSet): Payload {
    this.#current = new Payload(data, fingerprintOf(data));
    return this.#current;
  }

  #advance(from: Payload, data: DataSet, changes: Changes | undefined, since?: number): Payload {
    const to =
      changes === undefined
        ? new Payload(data, fingerprintOf(data))
        : new Payload(data, changed(from.fingerprint, [...changes.before, ...changes.forgotten], changes.after));
    this.#current = to;
    if (to.state === from.state) return to;
    this.#leave(from.state);
    this.#remember(changes);
    if (this.#channel.size > 0) this.#publish(to, changes, since);
    return to;
  }

  #publish(payload: Payload, changes: Changes | undefined, since: number | undefined): void {
    if (changes !== undefined) {
      this.#channel.publish(payload.changes(changes.after), since);
      return;
    }
    this.#channel.publish(payload.intent({ kind: 'full', reason: 'cant-catchup' }));
    this.#channel.publish(payload.objects, since);
  }

  #leave(state: string): void {
    if (this.#left.has(state)) return;
    this.#left.set(state, this.#firstStep + this.#steps.length);
    if (this.#left.size > MAX_LEFT) this.#left.delete(this.#left.keys().next().value!);
  }

  #remember(changes: Changes | undefined): void {
    if (changes === undefined) {
      this.#firstStep += this.#steps.length + 1;
      this.#steps = [];
      this.#remembered = 0;
      return;
    }
    const touched: Touched[] = changes.after.map(({ kind, key }) => ({ kind, key }));
    for (const item of changes.forgotten) touched.push({ kind: item.kind, key: item.key, forgotten: item });
    this.#steps.push(touched);
    this.#remembered += 1 + touched.length;
    while (this.#remembered > MAX_REMEMBERED) {
      this.#remembered -= 1 + this.#steps.shift()!.length;
      this.#firstStep++;
    }
  }

  /** Everything that may have changed since a state; undefined when that is not known. */
  #since(payload: Payload, basis: string): Item[] | undefined {
    const first = this.#left.get(basis);
    if (first !== undefined) {
      if (first < this.#firstStep) return undefined;
      const items = new Map<string, Item>();
      for (const { kind, key, forgotten } of this.#steps.slice(first - this.#firstStep).flat()) {
        const item = payload.data[kind].get(key) ?? forgotten;
        if (item !== undefined) items.set(`${kind}/${key}`, item);
      }
      return [...items.values()];
    }
    // The same flags and segments, but other deletions: another relay saw them, or this one did.
    if (!sameLiveData(basis, payload.state)) return undefined;
    const { flags, segments } = payload.data;
    return [...segments.values(), ...flags.values()].filter((item) => item.deleted);
  }
}

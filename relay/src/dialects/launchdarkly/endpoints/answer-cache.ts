import { asciiBytes } from '../../../http/reply.ts';
import { ownBytes } from '../../../memory/own-bytes.ts';
import type { Audience } from '../evaluation/compiled.ts';
import { Frequency, fingerprint } from './frequency.ts';

/** An evaluation that may be asked for again. */
export interface Answer {
  readonly tag: string;
  readonly body: Buffer;
  /** The same in gzip, once a client wanted it. Set by {@link AnswerCache.compressed}. */
  readonly gzip: Buffer | undefined;
}

/** Which of the answers for one context. */
export interface Question {
  /** Of the environment, and new with each change of its data: see `dataNumber`. */
  readonly data: string;
  readonly audience: Audience;
  readonly withReasons: boolean;
  /** The context as the client sent it. */
  readonly text: string;
}

/** What a cache holds and how it is used, for metrics. */
export interface AnswerCacheUse {
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
}

/** Answers of one environment, by audience and reasons, then by text. They are all of the same data. */
interface Shelf {
  data: string;
  readonly answers: readonly Map<string, Kept>[];
}

interface Kept extends Answer {
  gzip: Buffer | undefined;
  readonly among: Map<string, Kept>;
  readonly text: string;
  readonly print: number;
  bytes: number;
}

/** Objects and keys around an answer, in bytes, roughly. */
const OVERHEAD_BYTES = 256;
/** No answer may take more than this part of the cache. */
const LARGEST_PART = 32;

/**
 * Keeps answers of contexts that are asked for more than once, in a bounded number of bytes for all environments together.
 *
 * A page that is loaded again asks for the same context again, and gets the same answer for as long as the data do not
 * change. Most contexts of a large site come once, and must not cost more for that: an answer is kept when it is asked for
 * the second time, and once the cache is full it takes the place only of answers that are asked for less often. A walk through more
 * contexts than fit thus leaves those that are there in their place.
 */
export class AnswerCache {
  readonly #maxBytes: number;
  readonly #shelves = new WeakMap<object, Shelf>();
  /** In the order in which they are looked at for room. */
  readonly #all = new Set<Kept>();
  readonly #frequency = new Frequency();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  /** @param maxBytes 0 = nothing is kept */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Its figures. */
  get use(): AnswerCacheUse {
    return { bytes: this.#bytes, hits: this.#hits, misses: this.#misses };
  }

  /** The answer, if it is kept. @param environment answers of others are never looked at */
  find(environment: object, question: Question): Answer | undefined {
    if (this.#maxBytes === 0) return undefined;
    const kept = this.#shelf(environment, question.data)?.answers[slot(question)]?.get(question.text);
    if (kept === undefined) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    this.#frequency.note(kept.print);
    return kept;
  }

  /**
   * Takes an answer that was not found; undefined when it is not worth it.
   * @param parts ASCII
   */
  offer(environment: object, question: Question, tag: string, parts: readonly string[]): Answer | undefined {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const bytes = length + 2 * question.text.length + OVERHEAD_BYTES;
    if (bytes > this.#maxBytes / LARGEST_PART) return undefined;
    const print = fingerprint(tag);
    const times = this.#frequency.note(print);
    if (times < 2 || !this.#makeRoom(bytes, times)) return undefined;
    const { data } = question;
    let shelf = this.#shelf(environment, data);
    if (shelf === undefined) {
      shelf = { data, answers: Array.from({ length: 6 }, () => new Map<string, Kept>()) };
      this.#shelves.set(environment, shelf);
    }
    const among = shelf.answers[slot(question)]!;
    const text = ownText(question.text);
    const kept: Kept = { tag, body: asciiBytes(parts), gzip: undefined, among, text, print, bytes };
    among.set(text, kept);
    this.#all.add(kept);
    this.#bytes += bytes;
    return kept;
  }

  /** Keeps the compressed form beside an answer that is still kept. */
  compressed(answer: Answer, gzip: Buffer): void {
    const kept = answer as Kept;
    if (!this.#all.has(kept) || kept.gzip !== undefined) return;
    // Room may be made by throwing away this very answer.
    if (!this.#makeRoom(gzip.length, this.#frequency.estimate(kept.print)) || !this.#all.has(kept)) return;
    // A short result of zlib is a part of a buffer of 16 KiB.
    kept.gzip = ownBytes(gzip);
    kept.bytes += gzip.length;
    this.#bytes += gzip.length;
  }

  /** The environment's shelf; what is there of older data is thrown away. */
  #shelf(environment: object, data: string): Shelf | undefined {
    const shelf = this.#shelves.get(environment);
    if (shelf === undefined || shelf.data === data) return shelf;
    for (const answers of shelf.answers) for (const kept of answers.values()) this.#drop(kept);
    shelf.data = data;
    return shelf;
  }

  #drop(kept: Kept): void {
    this.#all.delete(kept);
    kept.among.delete(kept.text);
    this.#bytes -= kept.bytes;
  }

  /** Throws away what is asked for less than `times` until there is room; false when the next one is not. */
  #makeRoom(bytes: number, times: number): boolean {
    for (const kept of this.#all) {
      if (this.#bytes + bytes <= this.#maxBytes) break;
      if (this.#frequency.estimate(kept.print) >= times) {
        // The next newcomer is compared with another one.
        this.#all.delete(kept);
        this.#all.add(kept);
        return false;
      }
      this.#drop(kept);
    }
    return true;
  }
}

function slot({ audience, withReasons }: Question): number {
  return (audience === 'browser' ? 0 : audience === 'mobile' ? 2 : 4) + (withReasons ? 1 : 0);
}

/** A copy that does not hold on to the address or body that the text is a part of. */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}

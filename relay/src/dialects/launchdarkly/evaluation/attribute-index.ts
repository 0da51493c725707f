import type { Json } from '../../../json/json.ts';
import { compareMoments, type Moment, toMoment } from './dates.ts';
import { MATCH, NO_MATCH } from './match.ts';
import { type Placement, searchOf } from './matchers.ts';
import { type Entry, hit, OrderedProbes } from './ordered-probes.ts';
import type { PrefixSearch } from './prefix-search.ts';
import type { Probes } from './probes.ts';
import { compareVersions, toVersion, type Version } from './semver.ts';
import type { TextSearch } from './text-search.ts';

/** A text that is looked for in the attribute, with the conditions that are satisfied where it is found. */
interface TextProbe {
  readonly text: string;
  entries: Entry[];
}

// More are left to the flags that ask for them: one search for all has to be made anew with each change among them.
const MAX_TEXTS = 4096;

/** So many beginnings or ends are tried one by one. */
const FEW_TEXTS = 64;
/** Units of a value times texts that may be anywhere in it: as much is done one by one. */
const ONE_BY_ONE = 4096;

/** Lists up to this length are looked at element by element. */
const FEW_ELEMENTS = 16;
/** Elements that are looked at in one step. */
const STEP = 1000;

/** The texts that are looked for in one way. */
class TextProbes {
  readonly #placement: Placement;
  readonly #byText = new Map<string, TextProbe>();
  probes: readonly TextProbe[] = [];
  /** Made when it is first needed, of the probes as they are then. */
  #search: PrefixSearch | TextSearch | undefined;

  constructor(placement: Placement) {
    this.#placement = placement;
  }

  /** Takes texts in for a condition; false when there are too many. */
  add(texts: readonly string[], entry: Entry): boolean {
    const isNew = texts.filter((text) => !this.#byText.has(text)).length;
    if (this.probes.length + isNew > MAX_TEXTS) return false;
    const added: TextProbe[] = [];
    for (const text of texts) {
      const known = this.#byText.get(text);
      if (known !== undefined) {
        known.entries.push(entry);
        continue;
      }
      const probe = { text, entries: [entry] };
      this.#byText.set(text, probe);
      added.push(probe);
    }
    if (added.length > 0) this.#set([...this.probes, ...added]);
    return true;
  }

  /** Forgets what {@link add} took in. */
  remove(texts: readonly string[], entry: Entry): void {
    let isLess = false;
    for (const text of texts) {
      const probe = this.#byText.get(text);
      if (probe === undefined) continue;
      probe.entries = without(probe.entries, entry);
      if (probe.entries.length > 0) continue;
      this.#byText.delete(text);
      isLess = true;
    }
    if (isLess) this.#set(this.probes.filter((probe) => probe.entries.length > 0));
  }

  #set(probes: readonly TextProbe[]): void {
    this.probes = probes;
    this.#search = undefined;
  }

  /** Answers for a text that is long, or one of many. */
  searchIn(value: string, memo: Uint8Array): void {
    const { probes } = this;
    if (probes.length === 0) return;
    this.#search ??= searchOf(
      this.#placement,
      probes.map((probe) => probe.text),
    );
    this.#search.each(value, (index) => hit(memo, probes[index]!.entries));
  }
}

function without(entries: readonly Entry[], entry: Entry): Entry[] {
  return entries.filter((other) => other !== entry);
}

/** The conditions on one attribute, by what has to be found out to answer them: each distinct thing is found out once for all. */
export class AttributeIndex {
  /** Slot of the attribute. */
  readonly attribute: number;
  readonly #byValue = new Map<Json, Entry | Entry[]>();
  readonly #texts: Readonly<Record<Placement, TextProbes>> = {
    startsWith: new TextProbes('startsWith'),
    endsWith: new TextProbes('endsWith'),
    contains: new TextProbes('contains'),
  };
  readonly #numbers = new OrderedProbes<number>((a, b) => a - b);
  readonly #moments = new OrderedProbes<Moment>(compareMoments);
  readonly #versions = new OrderedProbes<Version>(compareVersions);
  /** Conditions that any other value satisfies. */
  #negated: number[] = [];

  constructor(attribute: number) {
    this.attribute = attribute;
  }

  /** Takes in a condition; false when there are too many like it. */
  add(id: number, probes: Probes, negate: boolean): boolean {
    const entry = negate ? ~id : id;
    if (!this.#enter(entry, probes)) return false;
    if (negate) this.#negated.push(id);
    return true;
  }

  #enter(entry: Entry, probes: Probes): boolean {
    switch (probes.type) {
      case 'values':
        for (const value of probes.values) this.#addValue(value, entry);
        return true;
      case 'texts':
        return this.#texts[probes.placement].add(probes.texts, entry);
      case 'numbers':
        for (const bound of probes.bounds) this.#numbers.add(probes.relation, bound, entry);
        return true;
      case 'moments':
        for (const bound of probes.bounds) this.#moments.add(probes.relation, bound, entry);
        return true;
      case 'versions':
        for (const bound of probes.bounds) this.#versions.add(probes.relation, bound, entry);
        return true;
    }
  }

  #addValue(value: Json, entry: Entry): void {
    const known = this.#byValue.get(value);
    if (known === undefined) this.#byValue.set(value, entry);
    else if (typeof known === 'number') this.#byValue.set(value, [known, entry]);
    else known.push(entry);
  }

  /** Forgets a condition that {@link add} took in. */
  remove(id: number, probes: Probes, negate: boolean): void {
    const entry = negate ? ~id : id;
    this.#negated = without(this.#negated, id);
    switch (probes.type) {
      case 'values':
        for (const value of probes.values) this.#removeValue(value, entry);
        break;
      case 'texts':
        this.#texts[probes.placement].remove(probes.texts, entry);
        break;
      case 'numbers':
        for (const bound of probes.bounds) this.#numbers.remove(probes.relation, bound, entry);
        break;
      case 'moments':
        for (const bound of probes.bounds) this.#moments.remove(probes.relation, bound, entry);
        break;
      case 'versions':
        for (const bound of probes.bounds) this.#versions.remove(probes.relation, bound, entry);
    }
  }

  #removeValue(value: Json, entry: Entry): void {
    const known = this.#byValue.get(value);
    if (known === undefined) return;
    const rest = without(typeof known === 'number' ? [known] : known, entry);
    if (rest.length === 0) this.#byValue.delete(value);
    else this.#byValue.set(value, rest.length === 1 ? rest[0]! : rest);
  }

  /** Writes the results of all conditions for an attribute's value; those that it does not touch are NO_MATCH. */
  answer(value: Json, memo: Uint8Array): void {
    const negated = this.#negated;
    for (let index = 0; index < negated.length; index++) memo[negated[index]!] = MATCH;
    if (!Array.isArray(value)) {
      this.#answerOne(value, memo);
    } else if (value.length <= FEW_ELEMENTS) {
      for (const element of value) this.#answerOne(element, memo);
    } else {
      for (const _ of this.#answerList(value, memo));
    }
  }

  /** As {@link answer}, in steps that are short whatever the value's size. */
  *answerInSteps(value: Json, memo: Uint8Array): Generator<void, void> {
    if (!Array.isArray(value) || value.length <= FEW_ELEMENTS) {
      this.answer(value, memo);
      return;
    }
    for (const id of this.#negated) memo[id] = MATCH;
    yield* this.#answerList(value, memo);
  }

  /**
   * Answers for any element of a long list: each is looked at once however often it comes, and of what has an order only the ends count. So the work
   * is that of the list's length and that of the conditions, not their product.
   */
  *#answerList(list: readonly Json[], memo: Uint8Array): Generator<void, void> {
    const seen = new Set<Json>();
    const numbers = new Ends<number>((a, b) => a - b);
    const moments = new Ends<Moment>(compareMoments);
    const versions = new Ends<Version>(compareVersions);
    for (let at = 0; at < list.length; at++) {
      if (at % STEP === STEP - 1) yield;
      const element = list[at]!;
      if (typeof element === 'object' || seen.has(element)) continue;
      seen.add(element);
      this.#answerValue(element, memo);
      if (typeof element === 'number') numbers.note(element);
      if (!this.#moments.empty) moments.note(toMoment(element));
      if (typeof element !== 'string') continue;
      for (const texts of Object.values(this.#texts)) texts.searchIn(element, memo);
      if (this.#versions.empty) continue;
      const version = toVersion(element);
      versions.note(version);
      if (version !== undefined) this.#versions.answerEqual(version, memo);
    }
    numbers.answer(this.#numbers, memo);
    moments.answer(this.#moments, memo);
    versions.answer(this.#versions, memo);
  }

  #answerValue(value: Json, memo: Uint8Array): void {
    const entries = this.#byValue.get(value);
    if (typeof entries === 'number') memo[entries >= 0 ? entries : ~entries] = entries >= 0 ? MATCH : NO_MATCH;
    else if (entries !== undefined) hit(memo, entries);
  }

  #answerOne(value: Json, memo: Uint8Array): void {
    this.#answerValue(value, memo);
    if (typeof value === 'string') this.#answerText(value, memo);
    if (typeof value === 'number') this.#numbers.answer(value, memo);
    if (this.#moments.empty) return;
    const moment = toMoment(value);
    if (moment !== undefined) this.#moments.answer(moment, memo);
  }

  #answerText(value: string, memo: Uint8Array): void {
    const startsWith = this.#texts.startsWith.probes;
    const endsWith = this.#texts.endsWith.probes;
    const contains = this.#texts.contains.probes;
    if (startsWith.length > FEW_TEXTS) {
      this.#texts.startsWith.searchIn(value, memo);
    } else {
      for (let index = 0; index < startsWith.length; index++) {
        const probe = startsWith[index]!;
        if (value.startsWith(probe.text)) hit(memo, probe.entries);
      }
    }
    if (endsWith.length > FEW_TEXTS) {
      this.#texts.endsWith.searchIn(value, memo);
    } else {
      for (let index = 0; index < endsWith.length; index++) {
        const probe = endsWith[index]!;
        if (value.endsWith(probe.text)) hit(memo, probe.entries);
      }
    }
    if (contains.length * value.length > ONE_BY_ONE) {
      this.#texts.contains.searchIn(value, memo);
    } else {
      for (let index = 0; index < contains.length; index++) {
        const probe = contains[index]!;
        if (value.includes(probe.text)) hit(memo, probe.entries);
      }
    }
    if (this.#versions.empty) return;
    const version = toVersion(value);
    if (version !== undefined) this.#versions.answer(version, memo);
  }
}

/** The least and the greatest of values in an order. */
class Ends<T> {
  readonly #compare: (a: T, b: T) => number;
  #least: T | undefined;
  #greatest: T | undefined;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  note(value: T | undefined): void {
    if (value === undefined) return;
    if (this.#least === undefined || this.#compare(value, this.#least) < 0) this.#least = value;
    if (this.#greatest === undefined || this.#compare(value, this.#greatest) > 0) this.#greatest = value;
  }

  answer(probes: OrderedProbes<T>, memo: Uint8Array): void {
    if (this.#least !== undefined) probes.answerEnds(this.#least, this.#greatest!, memo);
  }
}

import type { Json } from '../model/json.ts';
import { compareMoments, type Moment, toMoment } from './dates.ts';
import { MATCH, NO_MATCH } from './match.ts';
import { type Entry, hit, OrderedProbes } from './ordered-probes.ts';
import type { Placement, Probes } from './probes.ts';
import { compareVersions, toVersion, type Version } from './semver.ts';

/** A text that is looked for in the attribute, with the conditions that are satisfied where it is found. */
interface TextProbe {
  readonly text: string;
  entries: Entry[];
}

// Each is tried on every context, whether a flag asks or not: more of them are left to those that ask.
const MAX_TEXTS = 256;

function without(entries: readonly Entry[], entry: Entry): Entry[] {
  return entries.filter((other) => other !== entry);
}

/** The conditions on one attribute, by what has to be found out to answer them: each distinct thing is found out once for all. */
export class AttributeIndex {
  /** Slot of the attribute. */
  readonly attribute: number;
  readonly #byValue = new Map<Json, Entry | Entry[]>();
  readonly #texts: Readonly<Record<Placement, TextProbe[]>> = { startsWith: [], endsWith: [], contains: [] };
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
        return this.#addTexts(probes.placement, probes.texts, entry);
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

  #addTexts(placement: Placement, texts: readonly string[], entry: Entry): boolean {
    const probes = this.#texts[placement];
    const isNew = (text: string) => !probes.some((probe) => probe.text === text);
    if (probes.length + texts.filter(isNew).length > MAX_TEXTS) return false;
    for (const text of texts) {
      const known = probes.find((probe) => probe.text === text);
      if (known === undefined) probes.push({ text, entries: [entry] });
      else known.entries.push(entry);
    }
    return true;
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
        this.#removeTexts(probes.placement, entry);
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

  #removeTexts(placement: Placement, entry: Entry): void {
    const probes = this.#texts[placement];
    for (const probe of probes) probe.entries = without(probe.entries, entry);
    for (let at = probes.length - 1; at >= 0; at--) if (probes[at]!.entries.length === 0) probes.splice(at, 1);
  }

  /** Writes the results of all conditions for an attribute's value; those that it does not touch are NO_MATCH. */
  answer(value: Json, memo: Uint8Array): void {
    const negated = this.#negated;
    for (let index = 0; index < negated.length; index++) memo[negated[index]!] = MATCH;
    if (!Array.isArray(value)) this.#answerOne(value, memo);
    else for (const element of value) this.#answerOne(element, memo);
  }

  #answerOne(value: Json, memo: Uint8Array): void {
    const entries = this.#byValue.get(value);
    if (typeof entries === 'number') memo[entries >= 0 ? entries : ~entries] = entries >= 0 ? MATCH : NO_MATCH;
    else if (entries !== undefined) hit(memo, entries);
    if (typeof value === 'string') this.#answerText(value, memo);
    if (typeof value === 'number') this.#numbers.answer(value, memo);
    if (this.#moments.empty) return;
    const moment = toMoment(value);
    if (moment !== undefined) this.#moments.answer(moment, memo);
  }

  #answerText(value: string, memo: Uint8Array): void {
    const { startsWith, endsWith, contains } = this.#texts;
    for (let index = 0; index < startsWith.length; index++) {
      const probe = startsWith[index]!;
      if (value.startsWith(probe.text)) hit(memo, probe.entries);
    }
    for (let index = 0; index < endsWith.length; index++) {
      const probe = endsWith[index]!;
      if (value.endsWith(probe.text)) hit(memo, probe.entries);
    }
    for (let index = 0; index < contains.length; index++) {
      const probe = contains[index]!;
      if (value.includes(probe.text)) hit(memo, probe.entries);
    }
    if (this.#versions.empty) return;
    const version = toVersion(value);
    if (version !== undefined) this.#versions.answer(version, memo);
  }
}

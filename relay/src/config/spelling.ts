import { OPTIONS } from './options.ts';
import type { Problems } from './problems.ts';

/** Names of options that older ld-relays or people's memory have, and what is meant. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  apikey: 'sdkKey',
  samplinginterval: 'nothing: it is gone',
  ttlminutes: 'ttl',
  useevents: 'sendEvents',
};

/** Shorter names are too much like others of all programs. */
const SHORTEST = 7;

const VARIABLES: readonly string[] = [...new Set(OPTIONS.flatMap(({ env }) => env ?? []))];
const WHOLE = new Set(VARIABLES.filter((name) => !name.endsWith('_')));
const WHOLE_NAMES = [...WHOLE];
const PREFIXES = VARIABLES.filter((name) => name.endsWith('_'));

/** Of some names the one that a misspelt one is most like; undefined when none is like it. Case does not count. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const most = lower.length < 5 ? 1 : lower.length < 10 ? 2 : 3;
  let best: { readonly name: string; readonly distance: number } | undefined;
  const letters = lettersOf(lower);
  for (const candidate of known) {
    // A pod has hundreds of variables, and most are like none: letters are quick to count.
    if (Math.abs(candidate.length - lower.length) > most || lettersApart(letters, lettersOf(candidate)) > most)
      continue;
    const distance = distanceOf(lower, candidate.toLowerCase());
    if (distance <= most && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { name: candidate, distance };
  }
  return best?.name;
}

/** What was probably meant by a key of a file that is none: `; did you mean …?`, or nothing. */
export function adviceForKey(key: string, known: readonly string[]): string {
  const meant = FORMER_NAMES[key.toLowerCase().replaceAll(/[-_]/g, '')] ?? nearest(key, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** Warns of variables that are no options but look like one. Unknown variables are ignored otherwise, as ld-relay ignores them. */
export function warnOfMisspelt(env: NodeJS.ProcessEnv, problems: Problems): void {
  for (const name of Object.keys(env).sort()) {
    if (!env[name] || WHOLE.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    const meant = meantBy(name);
    if (meant !== undefined) problems.warnings.push(`${name} is no option and has no effect; did you mean ${meant}?`);
  }
}

function meantBy(name: string): string | undefined {
  if (/^LD_/i.test(name)) {
    // The name of an environment follows, whose length is not known: the longest prefix that its start is like.
    const near = PREFIXES.flatMap((prefix) => {
      const cut = cutAt(name, prefix);
      return cut === undefined
        ? []
        : [{ meant: `${prefix}${cut.rest}`, distance: cut.distance, length: prefix.length }];
    }).sort((one, other) => one.distance - other.distance || other.length - one.length)[0];
    if (near !== undefined) return near.meant;
  }
  if (name.length < SHORTEST) return undefined;
  const meant = nearest(name, WHOLE_NAMES);
  // One letter more or less of a short name is often a name of something else.
  return meant !== undefined && meant.length >= SHORTEST ? meant : undefined;
}

/** Where a name that begins nearly as a prefix goes on with that of an environment. */
function cutAt(name: string, prefix: string): { readonly rest: string; readonly distance: number } | undefined {
  let best: { readonly rest: string; readonly distance: number } | undefined;
  for (let at = name.indexOf('_', 3); at >= 0 && at + 1 < name.length; at = name.indexOf('_', at + 1)) {
    const distance = distanceOf(name.slice(0, at + 1).toLowerCase(), prefix.toLowerCase());
    if (distance <= 2 && distance < (best?.distance ?? 3)) best = { rest: name.slice(at + 1), distance };
  }
  return best;
}

const counted = new Map<string, Uint8Array>();

/** How often each letter, digit and other character is in a name, whatever its case; kept for the names of options. */
function lettersOf(name: string): Uint8Array {
  let counts = counted.get(name);
  if (counts === undefined) {
    counts = new Uint8Array(64);
    for (let at = 0; at < name.length; at += 1) counts[letterAt(name, at)]! += 1;
    if (WHOLE.has(name)) counted.set(name, counts);
  }
  return counts;
}

/** One of 64 boxes for a character; both cases of a letter have the same one. Characters that share one only make names more alike. */
function letterAt(name: string, at: number): number {
  const code = name.charCodeAt(at);
  const isSmall = code >= 97 && code <= 122;
  return (isSmall ? code - 32 : code) & 63;
}

/** How many letters at least have to be put in, taken out or replaced, in whatever order they are: never more than {@link distanceOf}. */
function lettersApart(one: Uint8Array, other: Uint8Array): number {
  let more = 0;
  let fewer = 0;
  for (let letter = 0; letter < one.length; letter += 1) {
    const apart = one[letter]! - other[letter]!;
    if (apart > 0) more += apart;
    else fewer -= apart;
  }
  return Math.max(more, fewer);
}

/** How many letters have to be put in, taken out, replaced or swapped with their neighbour. */
function distanceOf(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let at = 1; at <= other.length; at += 1) {
      const same = one[row - 1] === other[at - 1] ? 0 : 1;
      let least = Math.min(next[at - 1]! + 1, last[at]! + 1, last[at - 1]! + same);
      if (row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1])
        least = Math.min(least, beforeLast[at - 2]! + 1);
      next.push(least);
    }
    beforeLast = last;
    last = next;
  }
  return last[other.length]!;
}

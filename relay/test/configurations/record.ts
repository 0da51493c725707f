import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationOf } from './generate.ts';
import type { Verdict } from './verdict.ts';

/** Where the recorded verdicts of an ld-relay are: a letter for each seed from 0, in lines of 100. */
export const RECORD: string = join(import.meta.dirname, 'ld-relay-8.10.txt');

/** Kinds of refusals that a record tells apart. `accepted` is no refusal; `other` is a value that is not taken. */
const LETTERS = {
  a: { kind: 'accepted' },
  b: { kind: 'switch', said: /bool/ },
  k: { kind: 'key elsewhere', said: /SDK key is required/ },
  l: { kind: 'lonely option', said: /if other (?:auto-configuration|offline mode) properties are set/ },
  c: { kind: 'archive', said: /from archive/ },
  s: { kind: 'Stackdriver', said: /could not find default credentials/ },
  u: { kind: 'unknown key', said: /failed to read configuration file[^:]*: warning:/ },
  r: { kind: 'other', said: /./s },
} as const;

/** One of those kinds. */
export type Kind = (typeof LETTERS)[keyof typeof LETTERS]['kind'];

/** The letter of a verdict. */
export function letterOf({ accepted, reasons }: Verdict): string {
  if (accepted) return 'a';
  const said = reasons.join('\n');
  return Object.entries(LETTERS).find(([, letter]) => 'said' in letter && letter.said.test(said))?.[0] ?? 'r';
}

/** The verdicts that were recorded, by seed. */
export function recordedKinds(): Kind[] {
  const letters = readFileSync(RECORD, 'utf8').replaceAll('\n', '');
  return [...letters].map((letter) => LETTERS[letter as keyof typeof LETTERS].kind);
}

/** All of a configuration in one text, to look for things in. */
export function textOf(seed: number): string {
  const { ini = '', env } = configurationOf(seed);
  return `${ini}${Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')}`;
}

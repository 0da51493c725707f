import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Results, renderResults } from './results.ts';

const FOLDER = join(import.meta.dirname, '..');

/** Where each kind of result is kept. */
const FILES = {
  recorded: 'recorded.json',
  compared: 'compared.json',
  churned: 'churned.json',
  scaled: 'scaled.json',
} as const;

/** The rendered page. */
export const RESULTS_FILE = join(FOLDER, 'RESULTS.md');

/** Reads all that was recorded. @throws {SyntaxError} for a file that is not JSON */
export function readResults(): Results {
  const read = <Key extends keyof Results>(key: Key): Results[Key] | undefined => {
    const file = join(FOLDER, FILES[key]);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results[Key]) : undefined;
  };
  return {
    recorded: read('recorded'),
    compared: read('compared') ?? [],
    churned: read('churned'),
    scaled: read('scaled'),
  };
}

/** Keeps a result in the place of the one of its kind, and renders the page again. */
export function keep(result: Partial<Results>): void {
  for (const [key, value] of Object.entries(result)) {
    writeFileSync(join(FOLDER, FILES[key as keyof Results]), `${jsonText(value)}\n`);
  }
  render();
}

/** Renders the page from what is kept. */
export function render(): void {
  writeFileSync(RESULTS_FILE, renderResults(readResults()));
}

/** JSON with what holds only numbers and words on one line. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(/\[[^[\]{}]*\]|\{[^[\]{}]*\}/g, (flat) =>
    flat.replace(/\s*\n\s*/g, ' '),
  );
}

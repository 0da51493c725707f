import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { customResourceDefinitionYaml } from './definition.ts';
import { referenceMarkdown } from './reference.ts';

/** Writes what is made from the schema; with `--check` only compares, and ends with code 1 when something is stale. */

/** Every generated file, below `crds/`. */
const generated = {
  'relayproxies.yaml': customResourceDefinitionYaml,
  'REFERENCE.md': referenceMarkdown,
} as const;

const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
if (unknown.length > 0) {
  process.stderr.write(`unknown argument ${unknown.join(' ')}; the only one is --check\n`);
  process.exit(2);
}
const check = process.argv.includes('--check');
let stale = 0;
for (const [name, make] of Object.entries(generated)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const text = make();
  if (!check) {
    writeFileSync(path, text);
    process.stdout.write(`wrote crds/${name}\n`);
    continue;
  }
  const difference = firstDifference(read(path), text);
  if (difference === undefined) continue;
  stale += 1;
  process.stderr.write(`crds/${name} is stale: run \`npm run crds\` and commit the result. ${difference}\n`);
}
process.exitCode = stale > 0 ? 1 : 0;

/** Content of a file; empty when it is not there yet. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Tells where two texts part; undefined when they do not. */
function firstDifference(found: string, wanted: string): string | undefined {
  if (found === wanted) return undefined;
  const foundLines = found.split('\n');
  const wantedLines = wanted.split('\n');
  const line = wantedLines.findIndex((text, index) => text !== foundLines[index]);
  const at = line === -1 ? wantedLines.length : line;
  return `Line ${at + 1} is ${JSON.stringify(foundLines[at] ?? '')}, should be ${JSON.stringify(wantedLines[at] ?? '')}.`;
}

import { readFileSync, writeFileSync } from 'node:fs';

/** A file that is made from something else. */
export interface GeneratedFile {
  /** Name in messages, from the root of the repository. */
  readonly name: string;
  readonly url: URL;
  readonly text: string;
}

/**
 * The `main` of a generator: writes the files, or with `--check` compares them with what is there. Returns the exit
 * code: 0 all is well, 1 something is stale, 2 an argument is not known. Throws what the file system throws.
 */
export function runGenerator(command: string, files: readonly GeneratedFile[], argv: readonly string[]): 0 | 1 | 2 {
  const unknown = argv.filter((argument) => argument !== '--check');
  if (unknown.length > 0) {
    process.stderr.write(`unknown argument ${unknown.join(' ')}; the only one is --check\n`);
    return 2;
  }
  if (!argv.includes('--check')) {
    for (const file of files) {
      writeFileSync(file.url, file.text);
      process.stdout.write(`wrote ${file.name}\n`);
    }
    return 0;
  }
  let code: 0 | 1 = 0;
  for (const file of files) {
    const hint = staleness(readIfThere(file.url), file.text);
    if (hint === undefined) continue;
    process.stderr.write(`${file.name} is stale: run \`${command}\` and commit the result. ${hint}\n`);
    code = 1;
  }
  return code;
}

/** Where the first difference is; undefined when there is none. */
export function staleness(found: string | undefined, wanted: string): string | undefined {
  if (found === wanted) return undefined;
  if (found === undefined) return 'The file is not there.';
  const foundLines = found.split('\n');
  const wantedLines = wanted.split('\n');
  const differing = wantedLines.findIndex((line, index) => line !== foundLines[index]);
  const at = differing === -1 ? wantedLines.length : differing;
  return `Line ${at + 1} is ${show(foundLines[at])}, should be ${show(wantedLines[at])}.`;
}

function show(line: string | undefined): string {
  return line === undefined ? 'absent' : JSON.stringify(line);
}

function readIfThere(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

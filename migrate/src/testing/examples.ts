import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMigrate } from '../run.ts';

const FOLDER = join(import.meta.dirname, 'examples');

/** Names of the examples: what people have an ld-relay configured with. */
export const examples: readonly string[] = readdirSync(FOLDER).sort();

/** What a run of the command wrote. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as from the command line, with its output piped to another program unless it is said. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}, isPiped = true): Promise<Run> {
  let [stdout, stderr] = ['', ''];
  const code = await runMigrate(argv, {
    env,
    isPiped,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

/** The arguments that an example is migrated with. */
export function argumentsOf(example: string): string[] {
  const option = example.endsWith('.values.yaml') ? '--values' : example.endsWith('.conf') ? '--config' : '--env';
  return [option, join(FOLDER, example)];
}

/** Text of an example. */
export function exampleText(example: string): string {
  return readFileSync(join(FOLDER, example), 'utf8');
}

/** Runs an example; file names in the report are without folder. */
export async function runExample(example: string, extra: readonly string[] = []): Promise<Run> {
  const result = await run([...argumentsOf(example), ...extra]);
  return { ...result, stderr: result.stderr.replaceAll(`${FOLDER}/`, '') };
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadResult, LoadSpec } from './load.ts';

const run = promisify(execFile);

/** Runs `load.ts` in a process of its own. @throws {Error} when answers differ in status or are not `expected` */
export async function runLoad(spec: LoadSpec, expected: number): Promise<LoadResult> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(spec)], {
    timeout: spec.warmMs + spec.measureMs + 30_000,
  });
  const result = JSON.parse(stdout) as LoadResult;
  if (result.status !== expected || result.odd > 0) {
    throw new Error(`answers with status ${result.status}, ${result.odd} others, instead of ${expected}`);
  }
  return result;
}

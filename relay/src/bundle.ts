import * as module from 'node:module';
import { join } from 'node:path';

// Entry of the bundle. Node keeps what it compiles in the folder beside the bundle: `build.ts` fills it, and where it is read-only,
// as in an image, or made by another Node, a miss costs nothing but time.
interface CompileCacheOptions {
  readonly directory: string;
  /** Entries are found by their place relative to the folder, so that both can be moved together. */
  readonly portable: boolean;
}
// The object form is newer than the type definitions.
const enableCompileCache = module.enableCompileCache as unknown as (options: CompileCacheOptions) => unknown;
enableCompileCache({ directory: join(import.meta.dirname, 'cache'), portable: true });
await import('./main.ts');

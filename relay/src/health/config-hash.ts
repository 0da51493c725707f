import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Short hash of the configuration document at `path`, as the operator makes it; undefined when it cannot be read. */
export function configHashOf(path: string): string | undefined {
  try {
    return hash('sha256', readFileSync(path), 'hex').slice(0, 16);
  } catch {
    // The loader reports the same trouble with the reason; the report simply goes without a hash.
    return undefined;
  }
}

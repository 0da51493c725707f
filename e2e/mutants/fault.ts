/**
 * A fault that is seeded into the sources to see whether the tests notice: a small replacement in one file. Paths begin at the top of
 * the checkout.
 */
export interface Fault {
  /** What goes wrong, in a few words. */
  readonly what: string;
  readonly file: string;
  /** Is in the file exactly once. */
  readonly before: string;
  readonly after: string;
  /** Test files of which at least one must fail. */
  readonly tests: readonly string[];
}

/** Makes faults of a folder whose tests lie beside the sources; files and tests by their names without an ending. */
export function faultsOf(folder: string) {
  return (what: string, file: string, before: string, after: string, ...names: string[]): Fault => ({
    ...{ what, file: `${folder}/${file}.ts`, before, after, tests: names.map((name) => `${folder}/${name}.test.ts`) },
  });
}

/** The faults of one subject. */
export interface FaultGroup {
  readonly name: string;
  readonly faults: readonly Fault[];
}

/** The list no longer goes with the sources. */
export class StaleFaultError extends Error {
  override readonly name = 'StaleFaultError';
}

/** The text of a file with the fault in it. Throws {@link StaleFaultError} where it does not go into exactly one place. */
export function seed(text: string, { what, file, before, after }: Fault): string {
  const parts = text.split(before);
  if (parts.length !== 2) {
    throw new StaleFaultError(
      `${file}: "${what}": ${JSON.stringify(before)} is there ${parts.length - 1} times, not once`,
    );
  }
  if (before === after) throw new StaleFaultError(`${file}: "${what}" changes nothing`);
  return parts.join(after);
}

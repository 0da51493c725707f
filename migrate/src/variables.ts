/** A key of a Secret in the namespace of the RelayProxy. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** One environment variable of an ld-relay. */
export type Variable = {
  /** Where it was set: a file with line, or the path of a value. */
  readonly origin: string;
} & (
  | {
      readonly value: string;
      /** What looks like a reference in it is none: it was replaced already, or is meant as it stands. */
      readonly literal?: true;
      /** The Secret that it comes from, where that is known beside its value. */
      readonly ref?: SecretKey;
    }
  /** Its value is in a Secret that was not given. */
  | { readonly value?: undefined; readonly ref: SecretKey }
  /** Its value is somewhere else: in a ConfigMap that was not given, a field of the pod, a variable of another machine. */
  | { readonly value?: undefined; readonly ref?: undefined; readonly source: string; readonly configMapKey?: SecretKey }
);

/** Variables by name. */
export type Variables = ReadonlyMap<string, Variable>;

/** A mistake in what is migrated. `message` names file, line and what is wrong, and holds no credential. */
export class MigrateError extends Error {
  override readonly name = 'MigrateError';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.mistakes = mistakes;
  }
}

/** Fills in values that are in a Secret which was given beside; its keys are variables only where nothing refers to them. */
export function resolveReferences(variables: Variables): Map<string, Variable> {
  const result = new Map(variables);
  for (const [name, variable] of variables) {
    if (variable.value !== undefined || !variable.ref) continue;
    const { ref } = variable;
    const held = [...variables].find(
      ([, other]) => other.value !== undefined && other.ref?.name === ref.name && other.ref.key === ref.key,
    );
    const value = held?.[1].value;
    if (held === undefined || value === undefined) continue;
    result.set(name, { value, ref, origin: variable.origin, literal: true });
    if (held[0] === ref.key && held[0] !== name) result.delete(held[0]);
  }
  return result;
}

import type { z } from 'zod';

/** A rule over more than one field, written twice: in CEL for the API server and in TypeScript for the run-time parser. */
export interface Rule<T> {
  /** The rule in CEL; `self` is the value, with defaults filled in. */
  readonly cel: string;
  /** What the API server and the parser say when it is broken. */
  readonly message: string;
  /** Field of `self` that the message points to; absent for `self` itself. */
  readonly field?: string;
  /** Kind of error in the API server's answer; `FieldValueInvalid` when absent. */
  readonly reason?: 'FieldValueRequired' | 'FieldValueForbidden';
  /** The same rule in TypeScript: true when `value` keeps it. */
  readonly check: (value: T) => boolean;
}

/**
 * Adds rules to a schema. All of them are checked, so that one answer names every mistake; like the API server, none is
 * checked while a field inside has an error of its own.
 */
export function withRules<S extends z.ZodType>(schema: S, ...rules: readonly Rule<z.output<S>>[]): S {
  return schema
    .superRefine((value, context) => {
      for (const rule of rules) {
        if (rule.check(value)) continue;
        context.addIssue({ code: 'custom', message: rule.message, path: rule.field?.split('.') ?? [] });
      }
    })
    .meta({ 'x-kubernetes-validations': rules.map(toKubernetes) }) as S;
}

function toKubernetes<T>(rule: Rule<T>): Record<string, string> {
  return {
    rule: rule.cel,
    message: rule.message,
    ...(rule.field === undefined ? {} : { fieldPath: `.${rule.field}` }),
    ...(rule.reason === undefined ? {} : { reason: rule.reason }),
  };
}

/** Rule of the API conventions for a union: exactly one of the named members is there. */
export function exactlyOneOf<T extends object>(...names: readonly (keyof T & string)[]): Rule<T> {
  const quoted = names.map((name) => `\`${name}\``);
  return {
    cel: `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(x, x).size() == 1`,
    message: `exactly one of ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)} must be set`,
    check: (value) => names.filter((name) => value[name] !== undefined).length === 1,
  };
}

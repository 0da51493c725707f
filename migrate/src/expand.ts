import { hasReference, interpolate } from './interpolate.ts';
import type { Variable, Variables } from './variables.ts';

/** Variables without references in them, and the names of those that were only there to be referred to. */
export interface ExpandedVariables {
  readonly variables: Map<string, Variable>;
  readonly referredTo: ReadonlySet<string>;
}

/** `$(NAME)` as Kubernetes replaces it, and `$$(NAME)`, which stands for `$(NAME)`. */
const KUBERNETES = /\$?\$\(([A-Za-z_][-A-Za-z0-9_.]*)\)/g;
/** A value that is nothing but one reference. */
const WHOLE = /^\$\(([A-Za-z_][-A-Za-z0-9_.]*)\)$|^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;
const TEMPLATE = /\{\{.*?\}\}|<%.*?%>/s;
/** What tools put where a secret of somewhere else belongs: 1Password, Vault, vals, AWS, Google, SOPS. */
const ELSEWHERE =
  /^(?:(?:op|vault|awssm|awsssm|gcpsm|azkv|akv|bws|secretref|ssm|sm):\/\/|(?:vault|gcp:secretmanager|ssm):[^\s]*[/#]|ref\+|arn:aws[\w-]*:(?:secretsmanager|ssm):|ENC\[|projects\/[^/]+\/secrets\/)/;

/** Where the value really is for which a text only stands, in words; undefined for a text that is meant as it is. */
export function standsFor(text: string): string | undefined {
  if (TEMPLATE.test(text)) return text.includes('{{') ? 'a template of Helm' : 'a template';
  return ELSEWHERE.test(text) ? `another store of secrets (${/^\w+/.exec(text)?.[0]}…)` : undefined;
}

/**
 * Replaces references in values that came as somebody wrote them: Kubernetes' `$(NAME)` and `${NAME}`, with the defaults of shells and
 * docker compose. A value that refers to something without a value, or is a template of Helm, has none either and says where it is.
 */
export function expandReferences(given: Variables): ExpandedVariables {
  const done = new Map<string, Variable>();
  const referredTo = new Set<string>();
  const resolve = (name: string, path: readonly string[]): Variable | undefined => {
    const known = done.get(name);
    if (known !== undefined) return known;
    const variable = given.get(name);
    if (variable === undefined || path.includes(name)) return undefined;
    const expanded = expand(variable, (inner) => {
      referredTo.add(inner);
      return resolve(inner, [...path, name]);
    });
    done.set(name, expanded);
    return expanded;
  };
  return { variables: new Map([...given.keys()].map((name) => [name, resolve(name, [])!])), referredTo };
}

function expand(variable: Variable, resolve: (name: string) => Variable | undefined): Variable {
  const { value, origin } = variable;
  if (value === undefined) return variable;
  const elsewhere = standsFor(value);
  if (elsewhere !== undefined) return { source: elsewhere, origin };
  if (variable.literal === true) return variable;
  const whole = WHOLE.exec(value);
  const target = whole === null ? undefined : resolve(whole[1] ?? whole[2] ?? '');
  if (target !== undefined) return { ...target, origin };
  let missing: string | undefined;
  const lookup = (name: string): string | undefined => resolve(name)?.value;
  const text = value.replace(KUBERNETES, (found, name: string) => {
    if (found.startsWith('$$')) return found.slice(1);
    const inner = lookup(name);
    if (inner === undefined) missing ??= name;
    return inner ?? found;
  });
  const result = hasReference(text) ? interpolate(text, lookup, 'braces') : { text };
  if ('missing' in result) missing ??= result.missing;
  if (missing !== undefined) return { source: `the variable ${missing}`, origin };
  return 'text' in result && result.text !== value ? { ...variable, value: result.text } : variable;
}

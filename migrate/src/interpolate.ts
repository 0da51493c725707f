/** What became of a text with references in it: the text, or the name of the first variable that has no value. */
export type Interpolated = { readonly text: string } | { readonly missing: string };

/** Looks up the value of a variable; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;

/**
 * Replaces references as docker compose does: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, `${NAME?message}`,
 * `${NAME:+other}`, `${NAME+other}`, with references in defaults; `$$` is a dollar. With the colon an empty value counts as none.
 * @param form `braces`: only references in braces are meant, any other dollar stands for itself
 */
export function interpolate(text: string, lookup: Lookup, form: 'any' | 'braces' = 'any'): Interpolated {
  let result = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) break;
    result += text.slice(at, dollar);
    const reference = referenceAt(text, dollar, form);
    if (reference === undefined) {
      result += '$';
      at = dollar + (form === 'any' && text[dollar + 1] === '$' ? 2 : 1);
      continue;
    }
    const value = replacementOf(reference, lookup, form);
    if ('missing' in value) return value;
    result += value.text;
    at = reference.end;
  }
  return { text: result + text.slice(at) };
}

/** True for a text with a reference in braces, as `${NAME}`. */
export function hasReference(text: string): boolean {
  return /\$\{[A-Za-z_]/.test(text);
}

interface Reference {
  readonly name: string;
  /** `-`, `?`, `+` or nothing, and whether an empty value counts as none. */
  readonly operator: string;
  readonly colon: boolean;
  /** What follows the operator. */
  readonly rest: string;
  /** Position after it. */
  readonly end: number;
}

function referenceAt(text: string, dollar: number, form: 'any' | 'braces'): Reference | undefined {
  const plain = form === 'any' ? NAME.exec(text.slice(dollar + 1, dollar + 257))?.[0] : undefined;
  if (plain !== undefined) return { name: plain, operator: '', colon: false, rest: '', end: dollar + 1 + plain.length };
  if (text[dollar + 1] !== '{') return undefined;
  const close = closingBrace(text, dollar + 2);
  if (close < 0) return undefined;
  const inner = text.slice(dollar + 2, close);
  const name = NAME.exec(inner)?.[0];
  if (name === undefined) return undefined;
  const [, colon = '', operator = '', rest = ''] = /^(:?)([-?+]?)(.*)$/s.exec(inner.slice(name.length)) ?? [];
  if (operator === '' && inner !== name) return undefined;
  return { name, operator, colon: colon !== '', rest, end: close + 1 };
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) depth += 1;
    else if (text[at] === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

function replacementOf(
  { name, operator, colon, rest }: Reference,
  lookup: Lookup,
  form: 'any' | 'braces',
): Interpolated {
  const value = lookup(name);
  const isSet = value !== undefined && !(colon && value === '');
  if (operator === '+') return isSet ? interpolate(rest, lookup, form) : { text: '' };
  if (isSet) return { text: value };
  return operator === '-' ? interpolate(rest, lookup, form) : { missing: name };
}

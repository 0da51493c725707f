import { RE2JS } from 're2js';

/** Tells whether a text matches somewhere. */
export type TextTest = (text: string) => boolean;

/**
 * Compiles a pattern of the `matches` operator: RE2 syntax, unanchored, linear time (contract 12.4, 14 row 33).
 * Undefined when it is not valid RE2.
 */
export function compilePattern(source: string): TextTest | undefined {
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(source);
  } catch {
    // Every failure to compile has one meaning here: this value of the clause matches nothing.
    return undefined;
  }
  return (text) => pattern.test(text);
}

import { RE2JS } from 're2js';
import { MAX_PATTERN_STEPS } from '../../../json/bounds.ts';

/** Tells whether a text matches somewhere. Throws {@link TooCostlyError}. */
export type TextTest = (text: string) => boolean;

/** An evaluation that would take too long for the others who wait. The message says why and is fit for the client. */
export class TooCostlyError extends Error {
  override readonly name = 'TooCostlyError';
}

// Compiled data and their matchers are the process's, and so is what they may cost.
let maxSteps = MAX_PATTERN_STEPS;

/** Bounds what matching one text with one pattern may cost in this process: instructions of the pattern times characters. */
export function limitPatternSteps(steps: number): void {
  maxSteps = steps;
}

/** Shorter texts are always matched. */
const UNCHECKED_CHARS = 4096;

function checkCost(pattern: RE2JS, text: string): void {
  const size = pattern.programSize();
  if (size * text.length <= maxSteps) return;
  throw new TooCostlyError(
    `an attribute of ${text.length} characters is too long for a pattern of a flag: ${Math.floor(maxSteps / size)} are allowed for it`,
  );
}

// Literal characters, escaped punctuation among them, with or without an anchor at either end. `.*` at an end that is
// not anchored has no effect: what it matches may as well be empty.
const LITERAL = /^(\^)?(?:(?<!\^)\.\*)?((?:[^\\^$.|?*+()[\]{}]|\\[^A-Za-z0-9\u0080-\uffff])*)(?:\.\*|(\$))?$/;

/**
 * The test for a pattern that is only a literal with anchors, which needs no engine; undefined for any other pattern.
 * Here the equivalence is plain to see: RE2 gives `^` and `$` without flags the meaning "begin and end of the text".
 */
function literalTest(source: string): TextTest | undefined {
  const match = LITERAL.exec(source);
  if (match === null) return undefined;
  const literal = match[2]!.replace(/\\(.)/gs, '$1');
  const [fromStart, toEnd] = [match[1] !== undefined, match[3] !== undefined];
  if (fromStart && toEnd) return (text) => text === literal;
  if (fromStart) return (text) => text.startsWith(literal);
  return toEnd ? (text) => text.endsWith(literal) : (text) => text.includes(literal);
}

/**
 * Compiles a pattern of the `matches` operator: RE2 syntax, unanchored, linear time (contract 12.4, 14 row 33).
 * Undefined when it is not valid RE2.
 */
export function compilePattern(source: string): TextTest | undefined {
  const literal = literalTest(source);
  if (literal !== undefined) return literal;
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(source);
  } catch {
    // Every failure to compile has one meaning here: this value of the clause matches nothing.
    return undefined;
  }
  return (text) => {
    if (text.length > UNCHECKED_CHARS) checkCost(pattern, text);
    return pattern.test(text);
  };
}

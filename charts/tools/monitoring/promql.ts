/** A metric that an expression selects, and the labels by which it does. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** What an expression refers to. */
export interface References {
  readonly selectors: readonly Selector[];
  /** Labels in `by`, `on`, `group_left` and their like. */
  readonly groupings: readonly string[];
}

/** An expression that {@link references} cannot read; `promtool` is the judge of what is valid. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError';
}

const TOKEN = /\s+|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\[[^\]]*\]|[a-zA-Z_:][\w:]*|\d[\w.]*|=~|!~|!=|[^\s\w]/gy;
const GROUPINGS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
/** Behind the name of an aggregation. */
const CLAUSES = new Set(['by', 'without']);
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

/**
 * Names of metrics and labels in a PromQL expression. Not a parser: enough to find names.
 *
 * @throws PromqlError for a selector without a metric's name and for text that is cut off
 */
export function references(expression: string): References {
  const tokens = (expression.match(TOKEN) ?? []).filter((token) => token.trim() !== '');
  const selectors: Selector[] = [];
  const groupings: string[] = [];
  let at = 0;

  /** Reads up to the closing bracket; names before an operator, or alone, are labels. */
  const labelsUpTo = (close: string): string[] => {
    const labels: string[] = [];
    for (at += 1; tokens[at] !== close; at += 1) {
      const token = tokens[at];
      if (token === undefined) throw new PromqlError(`"${close}" is missing in: ${expression}`);
      if (isName(token)) labels.push(token);
    }
    return labels;
  };

  for (; at < tokens.length; at += 1) {
    const token = tokens[at] as string;
    if (token === '{') throw new PromqlError(`a selector without the name of a metric in: ${expression}`);
    if (!isName(token)) continue;
    const next = tokens[at + 1];
    if (GROUPINGS.has(token)) {
      if (next !== '(') continue;
      at += 1;
      groupings.push(...labelsUpTo(')'));
    } else if (next !== '(' && !CLAUSES.has(next ?? '') && !WORDS.has(token.toLowerCase())) {
      if (next === '{') at += 1;
      selectors.push({ metric: token, labels: next === '{' ? labelsUpTo('}') : [] });
    }
  }
  return { selectors, groupings };
}

function isName(token: string): boolean {
  return /^[a-zA-Z_:]/.test(token);
}

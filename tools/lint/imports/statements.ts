import { SyntaxKind } from 'typescript/unstable/ast';
import { isComment, linesOf, type Token, tokensOf } from '../source/tokens.ts';

/** One place in a file that names another module. */
export interface ImportStatement {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
}

/**
 * All imports of a TypeScript file: `import … from`, `export … from`, `import '…'`, `import('…')`, and those of types, which count as
 * much. An `import()` of something that is no plain string is not seen.
 */
export function importsOf(text: string): ImportStatement[] {
  // Most of the time of the whole check is scanning: what has no such word has no import.
  if (!/\b(?:import|export)\b/.test(text)) return [];
  const tokens = tokensOf(text).filter((token) => !isComment(token));
  const lineOf = linesOf(text);
  return tokens.flatMap((token, index) => {
    if (tokens[index - 1]?.kind === SyntaxKind.DotToken) return [];
    const specifier = specifierAt(tokens, index);
    return specifier === undefined ? [] : [{ specifier, line: lineOf(token.start) }];
  });
}

function specifierAt(tokens: readonly Token[], index: number): string | undefined {
  const kind = tokens[index]?.kind;
  const next = tokens[index + 1];
  if (next === undefined) return undefined;
  if (kind === SyntaxKind.ImportKeyword) {
    if (next.kind === SyntaxKind.OpenParenToken) return textOf(tokens[index + 2]);
    return textOf(next) ?? afterFrom(tokens, index + 1);
  }
  if (kind !== SyntaxKind.ExportKeyword) return undefined;
  const first = next.kind === SyntaxKind.TypeKeyword ? tokens[index + 2] : next;
  const list = first?.kind === SyntaxKind.OpenBraceToken || first?.kind === SyntaxKind.AsteriskToken;
  return list ? afterFrom(tokens, index + 1) : undefined;
}

/** The string after the first `from` of a statement: only names, commas, braces and stars may stand before it. */
function afterFrom(tokens: readonly Token[], start: number): string | undefined {
  for (let index = start; index < tokens.length; index += 1) {
    const { kind, text } = tokens[index] as Token;
    if (kind === SyntaxKind.FromKeyword) {
      const specifier = textOf(tokens[index + 1]);
      if (specifier !== undefined) return specifier;
    } else if (!/^[\w$,{}*]+$/.test(text) && kind !== SyntaxKind.StringLiteral) {
      return undefined;
    }
  }
  return undefined;
}

function textOf(token: Token | undefined): string | undefined {
  const plain = token?.kind === SyntaxKind.StringLiteral || token?.kind === SyntaxKind.NoSubstitutionTemplateLiteral;
  return plain ? token.value : undefined;
}

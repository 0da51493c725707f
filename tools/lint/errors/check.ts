import { SyntaxKind } from 'typescript/unstable/ast';
import type { SourceFile } from '../source/files.ts';
import { isComment, type Token, tokensOf } from '../source/tokens.ts';

/** Something that the page of errors must list: an error class, or an exit code of a program. */
interface Entry {
  /** Name of the class, or the code. */
  readonly name: string;
  readonly file: string;
}

/**
 * What the page of errors lacks, or has although it is gone, a line each. A row of the page tells of a class or code when its first cell is
 * its name and its second one the file, in code style.
 * @param page its path and text, Markdown
 * @param files TypeScript files, tests left out
 */
export function errorPageProblems(page: SourceFile, files: readonly SourceFile[]): string[] {
  const there = files.flatMap((file) => [...errorClasses(file), ...exitCodes(file)]);
  const rows = [...page.text.matchAll(/^\| *`?(\w+)`? *\|(?:[^|\n]*, )? *`([^`]+\.ts)` *\|/gm)].map(
    ([, name = '', file = '']): Entry => ({ name, file }),
  );
  const has = (list: readonly Entry[], { name, file }: Entry) =>
    list.some((one) => one.name === name && one.file === file);
  return [
    ...there
      .filter((entry) => !has(rows, entry))
      .map(({ name, file }) => `${page.path}: no row for ${called(name)} of ${file}`),
    ...rows
      .filter((row) => !has(there, row))
      .map(({ name, file }) => `${page.path}: ${called(name)} is not in ${file} (any more)`),
  ].filter((problem, index, all) => all.indexOf(problem) === index);
}

function called(name: string): string {
  return /^\d/.test(name) ? `exit code ${name}` : name;
}

/** Classes that extend `Error` or another error. */
function errorClasses({ path, text }: SourceFile): Entry[] {
  return [...text.matchAll(/^\s*(?:export )?class (\w+) extends \w*Error\b/gm)].map(([, name = '']) => ({
    name,
    file: path,
  }));
}

/**
 * Numbers that a program of the product ends with: what is given to `process.exit`, assigned to `process.exitCode`, or a constant whose name
 * begins with `EXIT` (or the values of such an object).
 */
function exitCodes({ path, text }: SourceFile): Entry[] {
  if (!/^(?:relay|operator|migrate|kube)\/src\//.test(path) || !/EXIT|process\.exit/.test(text)) return [];
  const tokens = tokensOf(text).filter((token) => !isComment(token));
  return tokens.flatMap((token, index) => {
    const isConstant = tokens[index - 1]?.kind === SyntaxKind.ConstKeyword && /^EXIT/.test(token.text);
    const isProcess = /^exit(?:Code)?$/.test(token.text) && tokens[index - 2]?.text === 'process';
    if (!isConstant && !isProcess) return [];
    return numbersAfter(tokens, index + 1).map((name) => ({ name, file: path }));
  });
}

/** Of `= 1`, `(1)`, or `= { a: 0, b: 1 }`. */
function numbersAfter(tokens: readonly Token[], start: number): string[] {
  const opening = tokens[start]?.text;
  if (opening !== '=' && opening !== '(') return [];
  const first = tokens[start + 1];
  if (first?.kind === SyntaxKind.NumericLiteral) return [first.text];
  if (first?.kind !== SyntaxKind.OpenBraceToken) return [];
  const end = tokens.findIndex(({ kind }, index) => index > start && kind === SyntaxKind.CloseBraceToken);
  return tokens.slice(start + 2, end).flatMap(({ kind, text }) => (kind === SyntaxKind.NumericLiteral ? [text] : []));
}

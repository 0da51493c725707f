import { SyntaxKind } from 'typescript/unstable/ast';
import type { SourceFile } from './files.ts';
import { isComment, tokensOf } from './tokens.ts';

const STRINGS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
]);

/**
 * What people read of a file, at its own offsets, everything else being spaces: comments and strings of TypeScript, all of any other file.
 * Stars and slashes of comments and line breaks are spaces too: a sentence that goes on in the next line is one piece.
 */
export function proseOf({ path, text }: SourceFile): string {
  if (!path.endsWith('.ts')) return text.replaceAll('\n', ' ');
  let prose = '';
  for (const token of tokensOf(text)) {
    if (!isComment(token) && !STRINGS.has(token.kind)) continue;
    const words = isComment(token) ? blank(token.text, /^\/\*+|\*+\/$|^\/\/+|\n[ \t]*\*?/g) : token.text;
    prose = prose.padEnd(token.start) + words.replaceAll('\n', ' ');
  }
  return prose;
}

function blank(text: string, what: RegExp): string {
  return text.replace(what, (match) => ' '.repeat(match.length));
}

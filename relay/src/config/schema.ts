import { type RelayConfig, type RelayDocument, relayDocument } from './document.ts';
import type { Problems } from './problems.ts';

/**
 * Checks a document against the schema and fills in defaults. Undefined after a mistake; each becomes a line that names
 * the field. Values are not repeated in messages, they may be secrets.
 */
export function parseDocument(document: unknown, where: string, problems: Problems): RelayConfig | undefined {
  const result = relayDocument.safeParse(document);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = issue.path.map((part, at) =>
      typeof part === 'number' ? `[${part}]` : `${at ? '.' : ''}${String(part)}`,
    );
    problems.mistakes.push(`${where}${path.join('') || 'the document'}: ${issue.message}`);
  }
  return undefined;
}

/** Reads the text of a JSON document; a syntax error is one mistake that says where. */
export function parseJson(text: string, where: string, problems: Problems): RelayDocument | undefined {
  try {
    return JSON.parse(text) as RelayDocument;
  } catch (error) {
    const reason = error instanceof SyntaxError ? withoutExcerpt(error.message) : String(error);
    problems.mistakes.push(`${where}is not JSON: ${reason}`);
    return undefined;
  }
}

/** V8 quotes a piece of the text, which may be a secret. */
function withoutExcerpt(message: string): string {
  return message
    .replace(/,?\s*(?:\.\.\.)?"[\s\S]*" is not valid JSON/, '')
    .replace(/[\s\S]*?"[\s\S]*" is not/, 'it is not');
}

/** Text that is not a JSON object, or is cut off. */
export class MembersError extends Error {
  override readonly name = 'MembersError';
}

/**
 * The members of a JSON object with the text of each value as it was sent, so that a part of a message can be handed on
 * without being parsed and written again. Values are only skipped over, not checked: whoever parses one finds its
 * mistakes. Of two members with one name the later counts. Throws {@link MembersError}.
 */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = space(text, 0);
  if (text[at] !== '{') throw new MembersError('expected a JSON object');
  at = space(text, at + 1);
  if (text[at] === '}') return end(text, at + 1, members);
  for (;;) {
    if (text[at] !== '"') throw new MembersError(`expected a member name at position ${at}`);
    const nameEnd = stringEnd(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    at = space(text, nameEnd);
    if (text[at] !== ':') throw new MembersError(`expected ":" at position ${at}`);
    at = space(text, at + 1);
    const valueEnd = skipValue(text, at);
    members.set(name, text.slice(at, valueEnd).trimEnd());
    at = space(text, valueEnd);
    if (text[at] === '}') return end(text, at + 1, members);
    if (text[at] !== ',') throw new MembersError(`expected "," or "}" at position ${at}`);
    at = space(text, at + 1);
  }
}

function end(text: string, at: number, members: Map<string, string>): Map<string, string> {
  if (space(text, at) !== text.length) throw new MembersError(`unexpected text after the object at position ${at}`);
  return members;
}

function space(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}

/** Position after the closing quote of the string that starts at `from`. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new MembersError('a string has no end');
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

const STRUCTURE = /["{}[\],]/g;

/** Position after the value that starts at `from`: brackets are counted, strings are jumped over. */
function skipValue(text: string, from: number): number {
  if (text[from] === '"') return stringEnd(text, from);
  let depth = 0;
  STRUCTURE.lastIndex = from;
  for (let match = STRUCTURE.exec(text); match; match = STRUCTURE.exec(text)) {
    const at = match.index;
    switch (match[0]) {
      case '"':
        STRUCTURE.lastIndex = stringEnd(text, at);
        break;
      case '{':
      case '[':
        depth += 1;
        break;
      case ',':
        if (depth === 0) return at;
        break;
      default:
        if (depth === 0) return at;
        depth -= 1;
        if (depth === 0) return at + 1;
    }
  }
  throw new MembersError('the text ends inside a value');
}

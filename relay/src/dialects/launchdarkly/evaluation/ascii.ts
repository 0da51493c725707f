/** The text with everything beyond ASCII as `\uXXXX`: for JSON, where it means the same, and one byte per character stays true. */
export function escapeToAscii(json: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class is "not ASCII"
  return json.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A string as JSON text in ASCII. */
export function asciiJson(value: unknown): string {
  return escapeToAscii(JSON.stringify(value));
}

/**
 * An ASCII text as one contiguous string of its own: neither a chain of concatenations, which every reader would walk,
 * nor a window into a large payload, which would keep that alive.
 */
export function contiguous(text: string): string {
  // So short a string is always one of its own.
  if (text.length < 13) return text;
  return Buffer.from(text, 'latin1').toString('latin1');
}

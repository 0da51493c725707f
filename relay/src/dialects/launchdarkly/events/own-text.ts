/** A copy of a text that does not hold on to the body that the text is a part of. The text must be well-formed. */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}

/** The same for any string, of which half a surrogate pair may be left. */
export function ownString(text: string): string {
  return JSON.parse(ownText(JSON.stringify(text))) as string;
}

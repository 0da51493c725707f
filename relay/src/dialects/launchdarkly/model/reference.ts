/**
 * A parsed attribute reference: the path of names from the context down to the value, or undefined when the reference
 * is malformed (contract 12.4).
 */
export type AttributePath = readonly string[];

function decodeComponent(component: string): string | undefined {
  if (!component.includes('~')) return component;
  if (/~(?![01])/.test(component)) return undefined;
  return component.replace(/~[01]/g, (code) => (code === '~0' ? '~' : '/'));
}

/**
 * Parses reference syntax: a name that does not start with `/` is plain; `/a/b` goes into objects; `~1` is `/` and `~0`
 * is `~`. Returns undefined for a malformed reference (empty, double or trailing slash, bad escape).
 */
export function parseReference(reference: string): AttributePath | undefined {
  if (reference === '' || reference === '/') return undefined;
  if (!reference.startsWith('/')) return [reference];
  const path: string[] = [];
  for (const part of reference.slice(1).split('/')) {
    const name = decodeComponent(part);
    if (part === '' || name === undefined) return undefined;
    path.push(name);
  }
  return path;
}

/**
 * The attribute that a clause or rollout names: without a context kind it is a literal name, with one it is a reference
 * (contract 14, row 35). Undefined when malformed or empty.
 */
export function attributePath(attribute: string, contextKind: string): AttributePath | undefined {
  if (contextKind !== '') return parseReference(attribute);
  return attribute === '' ? undefined : [attribute];
}

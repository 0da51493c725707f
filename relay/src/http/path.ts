/** A request target taken apart: the decoded path and the raw query. */
export interface Target {
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

/** Why a request target cannot be routed: a broken escape is 400, an unclean path is redirected (contract 1.1). */
export type TargetProblem =
  | { readonly problem: 'malformed' }
  | { readonly problem: 'unclean'; readonly location: string };

/**
 * Takes a request target apart the way Go's server and router do: the path is decoded first and matched decoded, so that
 * `%2F` counts as a slash; paths with `//`, `/./` or `/../` are redirected to the clean path (contract 1.1).
 */
export function parseTarget(url: string): Target | TargetProblem {
  const { path: raw, query } = splitTarget(url);
  let path = raw;
  if (raw.includes('%')) {
    const decoded = decodePart(raw);
    if (decoded === undefined) return { problem: 'malformed' };
    path = decoded;
  }
  if (path.includes('//') || path.includes('/.')) {
    const clean = cleanPath(path);
    if (clean !== path) {
      const location = encodePath(clean) + (url.includes('?') ? `?${query}` : '');
      return { problem: 'unclean', location };
    }
  }
  return { path, query };
}

/** The two parts of a request target as they were sent. */
export function splitTarget(url: string): Target {
  const origin = url.charCodeAt(0) === 47 ? url : originForm(url);
  const mark = origin.indexOf('?');
  return mark < 0 ? { path: origin, query: '' } : { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

/** Parameters behind so many are not looked at; SDKs send two or three. */
const MAX_PARAMETERS = 1000;

/**
 * First value of a query parameter, decoded; '' when it is absent. Parameters with a broken escape or a semicolon are
 * skipped, as Go does.
 */
export function queryParam(query: string, name: string): string {
  if (query === '' || (!query.includes(name) && !/[%+]/.test(query))) return '';
  let start = 0;
  for (let count = 0; count < MAX_PARAMETERS && start <= query.length; count++) {
    const next = query.indexOf('&', start);
    const end = next < 0 ? query.length : next;
    const part = query.slice(start, end);
    start = end + 1;
    if (part.includes(';')) continue;
    const equals = part.indexOf('=');
    const key = decodePart((equals < 0 ? part : part.slice(0, equals)).replaceAll('+', ' '));
    if (key !== name) continue;
    const value = decodePart(equals < 0 ? '' : part.slice(equals + 1).replaceAll('+', ' '));
    if (value !== undefined) return value;
  }
  return '';
}

/** `http://host/path` → `/path`; a proxy may send the absolute form. */
function originForm(url: string): string {
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([/?].*)?$/i.exec(url);
  const rest = match?.[1] ?? '/';
  return match === null ? '/*' : rest.startsWith('/') ? rest : `/${rest}`;
}

/** Percent-decodes; undefined for a broken escape. Bytes that are no UTF-8 become replacement characters. */
export function decodePart(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Well-formed escapes that are not UTF-8: decode byte by byte instead of refusing.
    return Buffer.from(
      text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString();
  }
}

function cleanPath(path: string): string {
  const out: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') out.pop();
    else out.push(segment);
  }
  const joined = `/${out.join('/')}`;
  return path.endsWith('/') && joined !== '/' ? `${joined}/` : joined;
}

/** Escapes what Go escapes in a path: all but letters, digits, slashes and `-_.~$&+,:;=@`. In one go, whatever the number of segments. */
function encodePath(path: string): string {
  return encodeURIComponent(path.toWellFormed())
    .replace(/%(2F|3D|40|3A|24|26|2B|2C|3B)/g, (triplet) => decodeURIComponent(triplet))
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

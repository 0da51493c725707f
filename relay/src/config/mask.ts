import { type RelayConfig, relayDocument } from './document.ts';
import { membersOf } from './members.ts';

/** Names of the document's members that are secrets: those that are an option for one, and what is made of two of them. */
function secretMembers(): Set<string> {
  const secrets = membersOf(relayDocument).filter(({ option }) => option?.type === 'secret' && option.shown !== true);
  return new Set(['credentials', ...secrets.map(({ path }) => path.slice(path.lastIndexOf('.') + 1))]);
}

/** Shows enough of a secret to recognise it: what stands before the first `-`, and the last four characters of a long one. */
function maskSecret(secret: string): string {
  const start = /^[a-z]{3}-/.exec(secret)?.[0] ?? '';
  return secret.length >= start.length + 12 ? `${start}…${secret.slice(-4)}` : `${start}…`;
}

/** A URL, or several, with passwords masked: a password ends at the last `@`, since it may hold some that are not escaped. */
function maskUrl(urls: string): string {
  return urls
    .split(/(?=\b[a-z][a-z0-9+.-]*:\/\/)/i)
    .map((url) => url.replace(/(\/\/[^/@,:]*):.*@/s, '$1:…@'))
    .join('');
}

/** The configuration as the JSON document that would give the same relay, with secrets masked; ends in a line feed. */
export function maskedText(config: RelayConfig): string {
  const secrets = secretMembers();
  const mask = (key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    if (secrets.has(key)) return maskSecret(value);
    return key.toLowerCase().endsWith('url') || key.endsWith('Uri') ? maskUrl(value) : value;
  };
  return `${JSON.stringify(config, mask, 2)}\n`;
}

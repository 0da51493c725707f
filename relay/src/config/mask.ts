import type { RelayConfig } from './document.ts';

/** Members of the document that are secrets. */
const SECRETS = new Set([
  'sdkKey',
  'sdkKeyPrevious',
  'mobileKey',
  'key',
  'cacheEncryptionKey',
  'encryptionKey',
  'password',
  'sentinelPassword',
  'credentials',
]);

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
  const mask = (key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    if (SECRETS.has(key)) return maskSecret(value);
    return key.toLowerCase().endsWith('url') || key.endsWith('Uri') ? maskUrl(value) : value;
  };
  return `${JSON.stringify(config, mask, 2)}\n`;
}

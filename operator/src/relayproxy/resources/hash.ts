import { hash } from 'node:crypto';

/** Short hash of a text (SHA-256, first 16 hex digits): tells versions of one thing apart, protects nothing. */
export function shortHash(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 16);
}

/** Short hash of a JSON value; the order of properties does not matter. */
export function hashOf(value: unknown): string {
  return shortHash(JSON.stringify(value, sortKeys) ?? '');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

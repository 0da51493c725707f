import type { RelayConfig } from './document.ts';
import type { Problems } from './problems.ts';

/**
 * Warns of allowed origins that no browser sends, so that they never match: a browser sends scheme and host in small letters, a port only
 * where it is not that of the scheme, and nothing after it; there are no patterns (contract 1.7).
 */
export function warnOfOrigins(config: RelayConfig, problems: Problems): void {
  const lists: readonly (readonly [where: string, origins: readonly string[]])[] = [
    ...config.environments.map((one) => [`environment "${one.name}": allowedOrigin`, one.allowedOrigins] as const),
    ['AutoConfig: envAllowedOrigin (ENV_ALLOWED_ORIGIN)', config.autoConfig?.envAllowedOrigins ?? []],
    ['OfflineMode: envAllowedOrigin (ENV_ALLOWED_ORIGIN)', config.offline?.envAllowedOrigins ?? []],
  ];
  for (const [where, origins] of lists) {
    for (const [at, origin] of origins.entries()) {
      const why = whyNever(origin, at === 0);
      if (why !== undefined) problems.warnings.push(`${where}: "${origin}" never matches: ${why}`);
    }
  }
}

/** Why no request has this text as its `Origin`; undefined where one may. The first is also sent to those that match none. */
function whyNever(origin: string, isFirst: boolean): string | undefined {
  if (origin === '' || origin === 'null' || (origin === '*' && isFirst)) return undefined;
  if (origin.includes('*')) return 'there are no patterns; list each origin, or none to allow all';
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(origin)) return `the scheme is missing; did you mean "https://${origin}"?`;
  const url = URL.parse(origin);
  if (url === null) return 'it is no origin; one looks like https://www.example.com';
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
  const sent = isWeb ? url.origin : `${url.protocol}//${url.host}`;
  return sent === origin ? undefined : `browsers send it as "${sent}"`;
}

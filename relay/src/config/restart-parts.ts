import type { RelayConfig } from './document.ts';

/** Parts of the document that a running relay takes over; a change elsewhere needs a restart. */
const RELOADED: readonly string[] = ['environments', 'filters'] satisfies (keyof RelayConfig)[];
/** Parts that say where environments come from instead. They take effect at a restart, and what is reloaded waits with them. */
const OTHER_ORIGINS = ['autoConfig', 'offline'] as const;

/** True when environments come from elsewhere than the document itself. */
export function hasOtherOrigin(config: RelayConfig): boolean {
  return OTHER_ORIGINS.some((origin) => config[origin] !== undefined);
}

/** Names of the top-level parts of `document` that differ from what a process runs on and that it cannot take over. */
export function restartParts(running: RelayConfig, document: RelayConfig): string[] {
  const names = new Set([...Object.keys(running), ...Object.keys(document)]) as Set<keyof RelayConfig>;
  const reloaded = hasOtherOrigin(running) || hasOtherOrigin(document) ? [] : RELOADED;
  return [...names].filter(
    (name) => !reloaded.includes(name) && JSON.stringify(running[name]) !== JSON.stringify(document[name]),
  );
}

import type { ConfigWatch } from '../config/load.ts';
import { configHashOf } from './config-hash.ts';
import type { InstanceFacts } from './report-item.ts';

/** Dependencies of {@link followConfig}. */
export interface ConfigFollowerOptions {
  /** The JSON document that the configuration came from; undefined when it came from elsewhere. */
  readonly watch: ConfigWatch | undefined;
  /** Counts how often the document was read again. */
  readonly configReloads: { inc(labels: { readonly outcome: 'applied' | 'rejected' }): void };
  /** What {@link ConfigFollower.facts} says has changed. */
  readonly changed: () => void;
}

/** Hears of the feeds what becomes of the configuration, and keeps what is reported of it. */
export interface ConfigFollower {
  readonly hooks: {
    readonly onReload: () => void;
    readonly onRejected: () => void;
    readonly onRotated: () => void;
    readonly onHeld: (parts: readonly string[]) => void;
  };
  /** Parts of the document that wait for a restart. */
  held(): readonly string[];
  facts(): Pick<InstanceFacts, 'configHash' | 'credentialsRotatedAt' | 'held'>;
}

/** The hash of the document as it is now; nothing without a document, or when it cannot be read. */
export function hashNow(watch: ConfigWatch | undefined): Pick<InstanceFacts, 'configHash'> {
  const configHash = watch && configHashOf(watch.path);
  return configHash === undefined ? {} : { configHash };
}

/** Makes a {@link ConfigFollower}; the document as it is now is in force. */
export function followConfig({ watch, configReloads, changed }: ConfigFollowerOptions): ConfigFollower {
  let hash = hashNow(watch);
  let held: readonly string[] = [];
  let credentialsRotatedAt: number | undefined;
  return {
    hooks: {
      onReload() {
        configReloads.inc({ outcome: 'applied' });
        hash = hashNow(watch);
        changed();
      },
      onRejected: () => configReloads.inc({ outcome: 'rejected' }),
      onRotated() {
        credentialsRotatedAt = Date.now();
        changed();
      },
      onHeld(parts) {
        held = parts;
        changed();
      },
    },
    held: () => held,
    facts: () => ({ ...hash, credentialsRotatedAt, held }),
  };
}

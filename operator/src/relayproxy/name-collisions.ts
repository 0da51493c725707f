import type { RelayProxy } from '@flagrelay/crds';
import { identityOf } from './resources/names.ts';

/** The one suffix by which a child of one RelayProxy has the name of another one's: the Service of a ServiceMonitor. */
const SUFFIX = '-metrics';

/** Names of the RelayProxies of the same namespace that a RelayProxy of this name can be in each other's way with. */
export function neighbourNames(name: string): string[] {
  const base = name.endsWith(SUFFIX) ? [name.slice(0, -SUFFIX.length)] : [];
  return [`${name}${SUFFIX}`, ...base];
}

/**
 * Who else wants a Service of a name that this RelayProxy wants, in words; undefined: nobody. One of the two has it, and the
 * other one `FieldConflict`: both get the condition, as only a person can say which one is to be renamed.
 * @param find a RelayProxy of the same namespace by its name
 */
export function nameCollision(
  relayProxy: RelayProxy,
  find: (name: string) => RelayProxy | undefined,
): string | undefined {
  const { name } = identityOf(relayProxy);
  const longer = find(`${name}${SUFFIX}`);
  if (wantsMetrics(relayProxy) && longer !== undefined && servesSdks(longer)) return words(name, `${name}${SUFFIX}`);
  const base = name.slice(0, -SUFFIX.length);
  const shorter = name.endsWith(SUFFIX) ? find(base) : undefined;
  return servesSdks(relayProxy) && shorter !== undefined && wantsMetrics(shorter) ? words(base, name) : undefined;
}

function words(base: string, longer: string): string {
  return `RelayProxies "${base}" (for \`spec.metrics.serviceMonitor\`) and "${longer}" (for SDKs) both need a Service "${longer}", and one of them has it: rename one of the two, or switch the ServiceMonitor of "${base}" off`;
}

const wantsMetrics = ({ spec }: RelayProxy): boolean => spec.metrics.serviceMonitor.enabled;
const servesSdks = ({ spec }: RelayProxy): boolean => spec.mode !== 'Daemon';

import { hostname } from 'node:os';
import { z } from 'zod';
import { logLevels } from './runtime/logger.ts';
import { version } from './version.ts';

/** The relay image of this release, for RelayProxies that name none. */
const RELEASED_RELAY_IMAGE = `ghcr.io/flagrelay/relay:${version}`;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const namespace = z.string().regex(DNS_LABEL, 'must be the name of a namespace (lower-case letters, digits and "-")');

const port = (fallback: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
    .transform(Number)
    .refine((value) => value <= 65_535, 'must be a port number from 0 to 65535')
    .default(fallback);

const environment = z.object({
  RELAY_IMAGE: z
    .string()
    .regex(/^\S{1,512}$/, 'must be an image reference without blanks, at most 512 characters')
    .default(RELEASED_RELAY_IMAGE),
  WATCH_NAMESPACES: z
    .string()
    .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))].sort())
    .pipe(z.array(namespace))
    .optional(),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  POD_NAME: z.string().default(() => hostname()),
  POD_NAMESPACE: namespace.optional(),
  LEADER_ELECTION_NAMESPACE: namespace.optional(),
  METRICS_PORT: port(8080),
  PROBE_PORT: port(8081),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
});

/** What the operator runs with. */
export interface OperatorConfig {
  readonly relayImage: string;
  /** Namespaces to watch; undefined: the whole cluster. */
  readonly watchNamespaces: readonly string[] | undefined;
  readonly logLevel: (typeof logLevels)[number];
  readonly podName: string;
  /** Where the Lease is kept; undefined (only outside a cluster): no leader election, this process leads at once. */
  readonly leaderElectionNamespace: string | undefined;
  /** Port of /metrics; 0 = any free one. */
  readonly metricsPort: number;
  /** Port of /livez and /readyz; 0 = any free one. */
  readonly probePort: number;
}

/** The environment holds mistakes; `problems` has one line for each of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the operator's configuration from environment variables; an empty variable counts as unset.
 * Throws {@link ConfigError} with every mistake at once.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): OperatorConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(set);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, set));
  if (set.KUBERNETES_SERVICE_HOST && !set.POD_NAMESPACE && !set.LEADER_ELECTION_NAMESPACE) {
    problems.push('POD_NAMESPACE: must be set inside a cluster (from the downward API), or LEADER_ELECTION_NAMESPACE');
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const { data } = parsed;
  return {
    relayImage: data.RELAY_IMAGE,
    watchNamespaces: data.WATCH_NAMESPACES,
    logLevel: data.LOG_LEVEL,
    podName: data.POD_NAME,
    leaderElectionNamespace: data.LEADER_ELECTION_NAMESPACE ?? data.POD_NAMESPACE,
    metricsPort: data.METRICS_PORT,
    probePort: data.PROBE_PORT,
  };
}

function describe(issue: z.core.$ZodIssue, set: Record<string, string | undefined>): string {
  const name = String(issue.path[0]);
  return `${name}: ${issue.message}, but is ${JSON.stringify(set[name]?.slice(0, 100))}`;
}

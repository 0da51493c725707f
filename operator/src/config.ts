import { hostname } from 'node:os';
import { z } from 'zod';
import { type Feature, features } from './permissions.ts';
import type { Limits } from './relayproxy/controller.ts';
import { type LogFormat, type LogLevel, logFormats, logLevels } from './runtime/logger.ts';
import { version } from './version.ts';

/** The relay image of this release, for RelayProxies that name none. */
const RELEASED_RELAY_IMAGE = `ghcr.io/flagrelay/relay:${version}`;
const RUNBOOKS = 'https://github.com/flagrelay/flagrelay/blob/main/charts/flagrelay/runbooks';
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const featureNames = Object.keys(features) as Feature[];

const namespace = z.string().regex(DNS_LABEL, 'must be the name of a namespace (lower-case letters, digits and "-")');

const port = (fallback: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
    .transform(Number)
    .refine((value) => value <= 65_535, 'must be a port number from 0 to 65535')
    .default(fallback);

const whole = (least: number, most: number, fallback: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message)
    .default(fallback);
};

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .transform((text) => text === 'true')
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
  LOG_FORMAT: z.enum(logFormats, `must be one of ${logFormats.join(', ')}`).default('json'),
  CONCURRENCY: whole(1, 100, 4),
  KUBE_QPS: whole(0, 10_000, 0),
  KUBE_BURST: whole(1, 10_000, 50),
  RUNBOOK_BASE_URL: z
    .string()
    .regex(/^https?:\/\/\S{1,2000}$/, 'must be an http or https address')
    .default(RUNBOOKS),
  POD_NAME: z.string().default(() => hostname()),
  POD_NAMESPACE: namespace.optional(),
  LEADER_ELECTION_NAMESPACE: namespace.optional(),
  LEADER_ELECTION: flag(true),
  LEASE_DURATION_SECONDS: whole(1, 3600, 15),
  RENEW_DEADLINE_SECONDS: whole(1, 3600, 10),
  RETRY_PERIOD_SECONDS: whole(1, 3600, 2),
  METRICS_ENABLED: flag(true),
  METRICS_PORT: port(8080),
  PROBE_PORT: port(8081),
  MAX_CONCURRENT_ROLLOUTS: whole(1, 1000, 1),
  ROLLOUT_DELAY_SECONDS: whole(0, 86_400, 0),
  HEAL_STUCK_AFTER_SECONDS: whole(0, 86_400, 300),
  ASK_PODS_PERIOD_SECONDS: whole(0, 86_400, 30),
  DISABLED_FEATURES: z
    .string()
    .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))].sort())
    .pipe(z.array(z.enum(featureNames, `must be a comma-separated list of ${featureNames.join(', ')}`)))
    .default([]),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
});

/** What the operator runs with. */
export interface OperatorConfig {
  readonly relayImage: string;
  /** Namespaces to watch; undefined: the whole cluster. */
  readonly watchNamespaces: readonly string[] | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** RelayProxies that are worked on at a time. */
  readonly concurrency: number;
  /** Requests a second to the API server; undefined: as many as it takes. */
  readonly requestLimit: { readonly perSecond: number; readonly burst: number } | undefined;
  /** Folder of the pages that alerts point to. */
  readonly runbookBaseUrl: string;
  readonly podName: string;
  /** Where the operator runs; undefined outside a cluster. */
  readonly namespace: string | undefined;
  /** Kinds that it is not to make. */
  readonly disabledFeatures: readonly Feature[];
  /** Undefined (switched off, or outside a cluster): this process leads at once. */
  readonly leaderElection: LeaderElectionConfig | undefined;
  /** Port of /metrics; 0 = any free one; undefined: none. */
  readonly metricsPort: number | undefined;
  /** Port of /livez and /readyz; 0 = any free one. */
  readonly probePort: number;
  readonly limits: Limits;
}

/** The Lease and its times in ms. */
export interface LeaderElectionConfig {
  readonly namespace: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
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
  if (parsed.success) problems.push(...timeProblems(parsed.data));
  const elects = set.LEADER_ELECTION !== 'false';
  if (set.KUBERNETES_SERVICE_HOST && elects && !set.POD_NAMESPACE && !set.LEADER_ELECTION_NAMESPACE) {
    problems.push('POD_NAMESPACE: must be set inside a cluster (from the downward API), or LEADER_ELECTION_NAMESPACE');
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const { data } = parsed;
  return {
    relayImage: data.RELAY_IMAGE,
    watchNamespaces: data.WATCH_NAMESPACES,
    logLevel: data.LOG_LEVEL,
    logFormat: data.LOG_FORMAT,
    concurrency: data.CONCURRENCY,
    requestLimit: data.KUBE_QPS === 0 ? undefined : { perSecond: data.KUBE_QPS, burst: data.KUBE_BURST },
    runbookBaseUrl: data.RUNBOOK_BASE_URL,
    podName: data.POD_NAME,
    namespace: data.POD_NAMESPACE,
    disabledFeatures: data.DISABLED_FEATURES,
    leaderElection: leaderElection(data),
    metricsPort: data.METRICS_ENABLED ? data.METRICS_PORT : undefined,
    probePort: data.PROBE_PORT,
    limits: {
      maxConcurrentRollouts: data.MAX_CONCURRENT_ROLLOUTS,
      rolloutDelayMs: data.ROLLOUT_DELAY_SECONDS * 1000,
      healStuckAfterMs: data.HEAL_STUCK_AFTER_SECONDS * 1000,
      askPodsPeriodMs: data.ASK_PODS_PERIOD_SECONDS * 1000,
    },
  };
}

type Environment = z.output<typeof environment>;

function leaderElection(data: Environment): LeaderElectionConfig | undefined {
  const leaseNamespace = data.LEADER_ELECTION_NAMESPACE ?? data.POD_NAMESPACE;
  if (!data.LEADER_ELECTION || leaseNamespace === undefined) return undefined;
  return {
    namespace: leaseNamespace,
    leaseDurationMs: data.LEASE_DURATION_SECONDS * 1000,
    renewDeadlineMs: data.RENEW_DEADLINE_SECONDS * 1000,
    retryPeriodMs: data.RETRY_PERIOD_SECONDS * 1000,
  };
}

/** The times of the Lease must leave room for each other, as the elector asks for. */
function timeProblems(data: Environment): string[] {
  const { LEASE_DURATION_SECONDS: lease, RENEW_DEADLINE_SECONDS: renew, RETRY_PERIOD_SECONDS: retry } = data;
  return [
    ...(lease > renew
      ? []
      : [`LEASE_DURATION_SECONDS: must be above RENEW_DEADLINE_SECONDS (${renew}), but is ${lease}`]),
    ...(renew > retry * 1.2
      ? []
      : [`RENEW_DEADLINE_SECONDS: must be above 1.2 times RETRY_PERIOD_SECONDS (${retry}), but is ${renew}`]),
  ];
}

function describe(issue: z.core.$ZodIssue, set: Record<string, string | undefined>): string {
  const name = String(issue.path[0]);
  return `${name}: ${issue.message}, but is ${JSON.stringify(set[name]?.slice(0, 100))}`;
}

import type { RelayProxySpecManifest } from '@flagrelay/crds';
import type { Section } from '@flagrelay/relay/config';
import { type Conversion, defined, seconds } from './convert.ts';
import { limitsOf } from './limits.ts';
import { usedRedis } from './store.ts';

/** Pods end so many seconds after their last stream was closed. */
const END_MARGIN_SECONDS = 10;
/** A RelayProxy knows no lower version. */
const OLD_TLS = ['1.0', '1.1'];

type Traffic = Pick<
  RelayProxySpecManifest,
  'mode' | 'workers' | 'events' | 'streaming' | 'limits' | 'tls' | 'service' | 'metrics' | 'logLevel' | 'podTemplate'
>;

/** Listeners, streams, events and log. */
export function trafficOf(conversion: Conversion): Traffic {
  const { config, given } = conversion;
  const { server, ops } = config;
  const servicePort = given('Main', 'port') === undefined ? undefined : server.port;
  const metricsPort = given('Ops', 'port') ?? given('Prometheus', 'port');
  return {
    ...defined({ mode: modeOf(conversion), workers: workersOf(conversion) }),
    ...some('events', eventsOf(conversion)),
    ...some('streaming', streamingOf(conversion)),
    // In daemon mode no client takes anything.
    ...some(
      'limits',
      limitsOf(conversion, (field) => !isDaemon(conversion) || field === 'upstreamEventBytes'),
    ),
    ...defined({ tls: tlsOf(conversion) }),
    ...some(
      'service',
      defined({
        port: servicePort,
        pathPrefix: given('HTTP', 'ofrepPathPrefix') === undefined ? undefined : server.ofrepPathPrefix,
      }),
    ),
    ...some(
      'metrics',
      defined({ enabled: prometheusOf(conversion), port: metricsPort === undefined ? undefined : ops.port }),
    ),
    ...(given('Main', 'logLevel') === undefined ? {} : { logLevel: config.log.level }),
    ...some('podTemplate', graceOf(conversion)),
  };
}

/** Whether an ld-relay that serves no SDKs can be one of ours. */
function isDaemon({ config }: Conversion): boolean {
  return config.mode === 'daemon' && usedRedis(config) !== undefined;
}

function modeOf(conversion: Conversion): Traffic['mode'] {
  const origin = conversion.given('Main', 'daemonMode');
  if (isDaemon(conversion)) return 'Daemon';
  if (conversion.config.mode === 'daemon') {
    conversion.report.note(
      'lost',
      origin ?? 'daemonMode',
      'there is no store that a RelayProxy can keep up to date. Instead: see `[Redis]`',
    );
  }
  return undefined;
}

function workersOf(conversion: Conversion): number | undefined {
  if (isDaemon(conversion)) return undefined;
  return atMost(conversion, ['Concurrency', 'workers'], conversion.config.server.workers, 16);
}

function prometheusOf({ read, given, report }: Conversion): boolean | undefined {
  const enabled = read.flag('Prometheus', 'enabled');
  const origin = given('Prometheus', 'enabled');
  if (enabled === true && origin !== undefined) {
    report.note(
      'changed',
      origin,
      "metrics have this relay's own names (relay/docs/metrics.md): change dashboards and alerts",
    );
  }
  return enabled;
}

function some<Name extends keyof Traffic>(name: Name, value: NonNullable<Traffic[Name]>): Partial<Traffic> {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}

function eventsOf(conversion: Conversion): NonNullable<Traffic['events']> {
  const { config, given, report } = conversion;
  const on = given('Events', 'sendEvents');
  if (config.offline && config.events.enabled) {
    report.note('needless', on ?? 'sendEvents', 'had no effect: an archive has no events service');
  }
  const isIdle = config.events.enabled && (config.offline !== undefined || isDaemon(conversion));
  return {
    ...defined({
      enabled: on === undefined || isIdle ? undefined : config.events.enabled,
      capacity: atMost(conversion, ['Events', 'capacity'], config.events.capacity, 1_000_000),
      memoryBytes: atMost(conversion, ['Events', 'memory'], config.events.memoryBytes ?? 0, 2_147_483_647),
    }),
    ...seconds(conversion, ['Events', 'flushInterval'], config.events.flushMs, 'flushPeriodSeconds', {
      min: 1,
      max: 300,
    }),
  };
}

/** A number, or the most that its field takes; undefined when the option was not set. */
function atMost({ given, report }: Conversion, at: readonly [Section, string], value: number, max: number) {
  const origin = given(...at);
  if (origin === undefined) return undefined;
  if (value > max) report.note('changed', origin, `${value} became ${max}, the most there is`);
  return Math.min(value, max);
}

function streamingOf(conversion: Conversion): NonNullable<Traffic['streaming']> {
  const { heartbeatMs, maxConnectionMs } = conversion.config.streaming;
  // None at all: the longest time is the nearest to it.
  const heartbeat = heartbeatMs === 0 ? 3_600_000 : heartbeatMs;
  const origin = conversion.given('Main', 'heartbeatInterval');
  if (origin !== undefined && heartbeatMs === 0) {
    conversion.report.note('changed', origin, 'no heartbeat became heartbeatPeriodSeconds: 3600');
  }
  return {
    ...seconds(conversion, ['Main', 'heartbeatInterval'], heartbeat, 'heartbeatPeriodSeconds', { min: 1, max: 3600 }),
    ...(maxConnectionMs === 0
      ? {}
      : seconds(conversion, ['Main', 'maxClientConnectionTime'], maxConnectionMs, 'maxConnectionSeconds', {
          min: 60,
          max: 604_800,
        })),
  };
}

function tlsOf(conversion: Conversion): Traffic['tls'] {
  const { config, given, report, surroundings, secrets, name } = conversion;
  const { tls } = config.server;
  if (tls === undefined || isDaemon(conversion)) return undefined;
  const version = given('Main', 'tlsMinVersion');
  const old = OLD_TLS.includes(tls.minVersion);
  if (version !== undefined && old)
    report.note('changed', version, `${tls.minVersion} became 1.2, the lowest there is`);
  const minVersion = version === undefined || old ? undefined : (tls.minVersion as '1.2' | '1.3');
  const [certificate, key] = [tls.certFile, tls.keyFile].map(surroundings.secretOf);
  if (certificate && certificate.name === key?.name && certificate.key === 'tls.crt' && key.key === 'tls.key') {
    return { secretRef: { name: certificate.name }, ...defined({ minVersion }) };
  }
  const secretName = `${name}-tls`;
  const [certificateText, keyText] = [tls.certFile, tls.keyFile].map(surroundings.readFile);
  if (certificateText !== undefined && keyText !== undefined) secrets.putTls(secretName, certificateText, keyText);
  else {
    report.note(
      'todo',
      given('Main', 'tlsCert') ?? 'tlsCert',
      `make the Secret: kubectl create secret tls ${secretName} --cert=${tls.certFile} --key=${tls.keyFile}`,
    );
  }
  return { secretRef: { name: secretName }, ...defined({ minVersion }) };
}

/** A pod closes its streams over its grace period less a margin, or over half of a short one. */
function graceOf(conversion: Conversion): NonNullable<Traffic['podTemplate']> {
  const { drainMs } = conversion.config.server;
  const drain = drainMs / 1000;
  const grace = drain >= END_MARGIN_SECONDS ? drain + END_MARGIN_SECONDS : drain * 2;
  const at = ['Main', 'drainTimeout'] as const;
  return seconds(conversion, at, grace * 1000, 'terminationGracePeriodSeconds', { min: 0, max: 3600 });
}

import { isObject, type Part } from '../part.ts';
import type { GivenValue } from './row.ts';

type Ingress = NonNullable<NonNullable<Part['spec']>['ingress']>;
type HttpRoute = NonNullable<NonNullable<Part['spec']>['httpRoute']>;

/** The port for SDKs. Pods of a RelayProxy listen on the port of the Service. */
export function ports({ value, origin, report }: GivenValue): Part {
  const [api, ...others] = listOf(value).sort((a, b) => Number(b.name === 'api') - Number(a.name === 'api'));
  if (api === undefined) return {};
  const spec: { service?: { port: number }; metrics?: { port: number } } = { service: { port: api.port as number } };
  if (api.targetPort !== undefined && api.targetPort !== api.port) {
    report.note('changed', origin, `pods listen on the port of the Service, ${api.port}, too`);
  }
  for (const { name, port, targetPort } of others) {
    if (/prom|metrics/.test(String(name))) {
      spec.metrics = { port: (targetPort ?? port) as number };
      report.note('changed', origin, `${name} is \`metrics.port\` of the pods, which is not part of the Service`);
    } else report.note('lost', origin, `the Service has one port; ${name} (${port}) is left out`);
  }
  return { spec };
}

/** An Ingress to the port for SDKs, if it is enabled. */
export function ingress(given: GivenValue): Part {
  const { value, origin, report } = given;
  if (!isObject(value) || value.enabled !== true) return {};
  const hosts = listOf(value.hosts).flatMap(({ host, paths }): Ingress['hosts'] => {
    const published = listOf(paths).filter(({ port, path }) => isSdkPort(given, port, `${host}${path}`));
    if (published.length === 0) return [];
    return [
      {
        host: String(host),
        paths: published.map(({ path, pathType }) => ({
          path: String(path),
          ...(pathType === undefined ? {} : { pathType: pathType as 'Prefix' }),
        })),
      },
    ];
  });
  if (hosts.length === 0) {
    report.note(
      'lost',
      origin,
      'an Ingress needs a host with a path to the port for SDKs. Instead: set `ingress.hosts`',
    );
    return {};
  }
  const { className, annotations, tls } = value;
  return {
    spec: {
      ingress: {
        hosts,
        ...(className ? { className: String(className) } : {}),
        ...(isObject(annotations) ? { annotations: annotations as Record<string, string> } : {}),
        ...(listOf(tls).length > 0 ? { tls: tls as Ingress['tls'] & object } : {}),
      },
    },
  };
}

/** An HTTPRoute to the port for SDKs, if it is enabled. */
export function httpRoute(given: GivenValue): Part {
  const { value, origin, report } = given;
  if (!isObject(value) || value.enabled !== true) return {};
  const paths: HttpRoute['paths'] & object = [];
  let everything = false;
  for (const { port, matches, backendRefs, timeouts, filters } of listOf(value.rules)) {
    if (backendRefs !== undefined || !isSdkPort(given, port, 'a rule')) {
      if (backendRefs !== undefined) lostRule(given, 'a rule with backendRefs of its own');
      continue;
    }
    if (filters !== undefined) lostRule(given, 'filters');
    if (timeouts !== undefined) report.note('changed', origin, 'timeouts are `Disabled`: streams stay open for hours');
    if (listOf(matches).length === 0) everything = true;
    for (const { path, ...rest } of listOf(matches)) {
      if (Object.keys(rest).length > 0) lostRule(given, `matches by ${Object.keys(rest).join(', ')}`);
      const { type = 'PathPrefix', value: prefix = '/' } = isObject(path) ? path : {};
      if (type === 'RegularExpression') lostRule(given, `the path ${prefix} (a regular expression)`);
      else paths.push({ path: String(prefix), type: type as 'PathPrefix' });
    }
  }
  const { parentRefs, hostnames, annotations } = value;
  return {
    spec: {
      httpRoute: {
        parentRefs: listOf(parentRefs) as unknown as HttpRoute['parentRefs'],
        ...(Array.isArray(hostnames) && hostnames.length > 0 ? { hostnames: hostnames.map(String) } : {}),
        ...(isObject(annotations) ? { annotations: annotations as Record<string, string> } : {}),
        ...(everything || paths.length === 0 ? {} : { paths }),
      },
    },
  };
}

function lostRule({ report, origin }: GivenValue, what: string): void {
  report.note(
    'lost',
    origin,
    `${what}: \`httpRoute\` leads paths to the port for SDKs, no more. Instead: write an HTTPRoute of your own`,
  );
}

/** Whether a port of the chart's Service is that for SDKs; only that is published. */
function isSdkPort({ other, report, origin }: GivenValue, port: unknown, what: string): boolean {
  const all = listOf(other('service.ports'));
  const api = all.find(({ name }) => name === 'api')?.port ?? all[0]?.port ?? 8030;
  if (port === undefined || port === api) return true;
  report.note(
    'lost',
    origin,
    `${what}: port ${port} is not that for SDKs, and no other is published. Instead: scrape the pods`,
  );
  return false;
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

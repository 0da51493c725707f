import { isObject, type Part } from '../part.ts';
import type { GivenValue } from './row.ts';

const ZONE_KEY = 'topology.kubernetes.io/zone';

/** Labels of everything: of the RelayProxy, and of the pods. */
export function labels({ value }: GivenValue): Part {
  const map = value as Record<string, string>;
  return { metadata: { labels: map }, spec: { podTemplate: { labels: map } } };
}

/** An account that the operator does not make must be allowed to report. */
export function serviceAccountName({ value, origin, other, report }: GivenValue): Part {
  if (other('serviceAccount.create') !== false) {
    report.note('needless', origin, 'the operator makes the account and names it');
    return {};
  }
  report.note('todo', origin, `allow the account ${value} to get and patch relayproxies/status of this RelayProxy`);
  return { spec: { podTemplate: { serviceAccountName: String(value) } } };
}

/** The budget, whichever of its two spellings is on. */
export function disruptionBudget({ other, origin, report }: GivenValue): Part {
  const right = other('pod.disruptionBudget');
  const misspelt = other('pod.distruptionBudget');
  const isOn = (budget: unknown): budget is Record<string, unknown> => isObject(budget) && budget.enabled === true;
  const budget = isOn(right) ? right : isOn(misspelt) ? misspelt : undefined;
  if (budget === undefined) {
    report.note('default', 'disruptionBudget', 'is on and lets one pod go at a time; `enabled: false` is without');
    return {};
  }
  const { maxUnavailable, minAvailable } = budget;
  if (maxUnavailable) return { spec: { disruptionBudget: { maxUnavailable: maxUnavailable as number } } };
  if (minAvailable) return { spec: { disruptionBudget: { minAvailable: minAvailable as number } } };
  report.note('changed', origin, 'a budget without numbers protects nothing; this one lets one pod go at a time');
  return {};
}

/** The constraint on zones; the one on nodes is there anyway. */
export function topologySpread({ value, origin, report }: GivenValue): Part {
  const constraints = (Array.isArray(value) ? value : []).filter(isObject);
  const zone = constraints.find(({ topologyKey }) => topologyKey !== 'kubernetes.io/hostname');
  for (const constraint of constraints) {
    if (constraint !== zone && constraint.topologyKey !== 'kubernetes.io/hostname') {
      report.note(
        'lost',
        origin,
        `there is one constraint beside that on nodes; ${constraint.topologyKey} is left out`,
      );
    }
  }
  if (zone === undefined) return {};
  const required = zone.whenUnsatisfiable === 'DoNotSchedule';
  return {
    spec: {
      zones: {
        ...(zone.topologyKey === ZONE_KEY ? {} : { topologyKey: String(zone.topologyKey) }),
        ...(zone.maxSkew === undefined ? {} : { maxSkew: zone.maxSkew as number }),
        ...(zone.minDomains === undefined ? {} : { minZones: zone.minDomains as number }),
        policy: required ? 'Required' : 'Preferred',
      },
    },
  };
}

/** The port for SDKs. Pods of a RelayProxy listen on the port of the Service. */
export function ports({ value, origin, report }: GivenValue): Part {
  const list = (Array.isArray(value) ? value : []).filter(isObject);
  const [api, ...others] = [...list].sort((a, b) => Number(b.name === 'api') - Number(a.name === 'api'));
  if (api === undefined) return {};
  const spec: { service?: { port: number }; metrics?: { port: number } } = { service: { port: api.port as number } };
  if (api.targetPort !== undefined && api.targetPort !== api.port) {
    report.note('changed', origin, `pods listen on the port of the Service, ${api.port}, too`);
  }
  for (const { name, port, targetPort } of others) {
    if (String(name).includes('prom') || String(name).includes('metrics')) {
      spec.metrics = { port: (targetPort ?? port) as number };
      report.note('changed', origin, `${name} is \`metrics.port\` of the pods, which is not part of the Service`);
    } else report.note('lost', origin, `the Service has one port; ${name} (${port}) is left out`);
  }
  return { spec };
}

/** How fast it scales down. */
export function behavior({ value, origin, report }: GivenValue): Part {
  const { scaleDown, ...rest } = isObject(value) ? value : {};
  const { stabilizationWindowSeconds, ...others } = isObject(scaleDown) ? scaleDown : {};
  const left = [...Object.keys(rest), ...Object.keys(others).map((key) => `scaleDown.${key}`)];
  if (left.length > 0) {
    report.note('lost', origin, `${left.join(', ')}: a RelayProxy has \`scaleDownStabilizationSeconds\` only`);
  }
  if (stabilizationWindowSeconds === undefined) return {};
  // The bounds and defaults of the rest are filled in by who puts the parts together.
  const autoscaling = { scaleDownStabilizationSeconds: stabilizationWindowSeconds as number };
  return { spec: { autoscaling } as Part['spec'] & object };
}

import { isObject, type Part } from '../part.ts';
import type { GivenValue } from './row.ts';

const ZONE_KEY = 'topology.kubernetes.io/zone';
/** Grace period of a pod, in s, when nobody asks for another, and what ending takes beside a pause before it. */
const USUAL_GRACE_SECONDS = 60;
const END_SECONDS = 30;

type PodTemplate = NonNullable<NonNullable<Part['spec']>['podTemplate']>;

/** The constraint on zones, which `zones` stands for; others are handed on. */
export function topologySpread({ value }: GivenValue): Part {
  const constraints = (Array.isArray(value) ? value : []).filter(isObject);
  const zone = constraints.find(({ topologyKey }) => topologyKey === ZONE_KEY);
  const others = constraints.filter((constraint) => constraint !== zone) as PodTemplate['topologySpreadConstraints'] &
    object;
  return {
    spec: {
      ...(zone === undefined
        ? {}
        : {
            zones: {
              ...(zone.maxSkew === undefined ? {} : { maxSkew: zone.maxSkew as number }),
              ...(zone.minDomains === undefined ? {} : { minZones: zone.minDomains as number }),
              policy: zone.whenUnsatisfiable === 'DoNotSchedule' ? 'Required' : 'Preferred',
            },
          }),
      ...(others.length === 0 ? {} : { podTemplate: { topologySpreadConstraints: others } }),
    },
  };
}

/** A pause before the end; the relay does the rest by itself. */
export function lifecycle({ value, origin, other, report }: GivenValue): Part {
  const { preStop, ...rest } = isObject(value) ? value : {};
  const pause = pauseOf(preStop);
  if (pause === undefined || Object.keys(rest).length > 0) {
    report.note(
      'lost',
      origin,
      'of a lifecycle there is a pause before the end only. Instead: nothing for streams, which a pod hands over by itself; for anything else `podTemplate.initContainers` with `restartPolicy: Always`',
    );
  }
  if (pause === undefined) return {};
  if (other('terminationGracePeriodSeconds') !== undefined || pause < USUAL_GRACE_SECONDS) {
    return { spec: { podTemplate: { preStopSleepSeconds: pause } } };
  }
  const grace = pause + END_SECONDS;
  report.note(
    'changed',
    origin,
    `terminationGracePeriodSeconds is ${grace}, so that there is time left after the pause`,
  );
  return { spec: { podTemplate: { preStopSleepSeconds: pause, terminationGracePeriodSeconds: grace } } };
}

/** Seconds that a hook sleeps, if that is all it does. */
function pauseOf(hook: unknown): number | undefined {
  if (!isObject(hook)) return undefined;
  if (isObject(hook.sleep)) return hook.sleep.seconds as number;
  const command = isObject(hook.exec) && Array.isArray(hook.exec.command) ? hook.exec.command.join(' ') : '';
  const [, seconds] = /^(?:\S*sh -c )?(?:\S*\/)?sleep (\d+)s?$/.exec(command) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

/** The numbers of a probe; what it asks is the operator's. */
export function probe(name: 'startup' | 'liveness' | 'readiness') {
  return ({ value, origin, report }: GivenValue): Part => {
    const { periodSeconds, timeoutSeconds, failureThreshold, httpGet: _, ...rest } = isObject(value) ? value : {};
    if (Object.keys(rest).length > 0) {
      report.note(
        'needless',
        origin,
        `${Object.keys(rest).join(', ')}: what is asked, and when first, is the operator's; it asks whether there is data`,
      );
    }
    const numbers = Object.fromEntries(
      Object.entries({ periodSeconds, timeoutSeconds, failureThreshold }).filter(([, number]) => number !== undefined),
    );
    return Object.keys(numbers).length === 0 ? {} : { spec: { podTemplate: { probes: { [name]: numbers } } } };
  };
}

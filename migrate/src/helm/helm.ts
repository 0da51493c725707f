import type { Part } from '../part.ts';
import { merge } from '../part.ts';
import type { Report } from '../report.ts';
import type { ValuesFile } from './read-values.ts';
import type { ValueRow } from './row.ts';
import { VALUE_ROWS } from './rows.ts';

/** Where names come from when no value says otherwise. */
const CHART = 'ld-relay';

/** The parts of a RelayProxy that the values say which are not about the relay's own configuration. Unknown values are noted. */
export function partOf(values: ValuesFile, report: Report): Part {
  const parts = VALUE_ROWS.flatMap((row) => {
    const value = values.get(row.path);
    if (value === undefined) return [];
    const given = { origin: values.origin(row.path), value, report, other: values.get };
    if (row.take) return [row.take(given)];
    if (row.because !== undefined && !row.same?.(given)) {
      report.note(
        isNeedless(row) ? 'needless' : 'lost',
        given.origin,
        `has no counterpart: ${row.because}. Instead: ${row.instead}`,
      );
    }
    return [];
  });
  for (const path of values.paths) {
    if (
      !VALUE_ROWS.some((row) => path === row.path || path.startsWith(`${row.path}.`) || row.path.startsWith(`${path}.`))
    ) {
      report.note('lost', values.origin(path), 'is no value of ld-relay-helm 3.10; was it misspelt?');
    }
  }
  return withNames(withAutoscaling(merge(parts), values, report), values, report);
}

function isNeedless({ instead }: ValueRow): boolean {
  return instead?.startsWith('nothing') === true;
}

/** Numbers for an autoscaler that is off mean nothing. */
function withAutoscaling(part: Part, values: ValuesFile, report: Report): Part {
  if (values.get('autoscaling.enabled') === true) {
    const { replicas: _, ...spec } = part.spec ?? {};
    // The chart's own defaults, where the file leaves them to it.
    const autoscaling = {
      minReplicas: 1,
      maxReplicas: 100,
      targetCPUUtilizationPercentage: 80,
      targetMemoryUtilizationPercentage: 80,
    };
    for (const key of Object.keys(autoscaling)) {
      if (values.get(`autoscaling.${key}`) === undefined)
        report.note('changed', `autoscaling.${key}`, "is written down: the chart's default is not the RelayProxy's");
    }
    return { ...part, spec: { ...spec, autoscaling: { ...autoscaling, ...spec.autoscaling } } };
  }
  const { autoscaling: _, ...spec } = part.spec ?? {};
  if (spec.replicas === undefined) {
    report.note('default', 'replicas', "is 3, in at least two zones as LaunchDarkly advises; the chart's default is 1");
  }
  return { ...part, spec };
}

/** The chart's full name. */
function withNames(part: Part, values: ValuesFile, report: Report): Part {
  const name = values.get('fullnameOverride') ?? values.get('nameOverride') ?? CHART;
  if (values.get('fullnameOverride') === undefined) {
    report.note(
      'default',
      'metadata.name',
      `is ${name}; the chart's Service is called by its release as well: choose with --name`,
    );
  }
  return { ...part, metadata: { ...part.metadata, name: String(name) } };
}

import type { KnownMetric } from './known-metrics.ts';
import { references, type Selector } from './promql.ts';

/** Labels that the scrape configuration sets, not the code. */
const TARGET_LABELS = ['namespace', 'pod'];
const PARTS_OF_HISTOGRAMS = /_(?:bucket|sum|count)$/;

/** Mistakes in expressions, by the metrics that the code registers. */
export interface Checker {
  /** What is wrong with an expression and with the labels that texts about its results use, such as those of a legend. */
  problems(expression: string, usedLabels?: readonly string[]): string[];
}

/** Makes a checker for these metrics. One name may be known with other labels to relay and operator. */
export function createChecker(metrics: readonly KnownMetric[]): Checker {
  const labelsOf = (name: string): readonly string[] | undefined => {
    const base = name.replace(PARTS_OF_HISTOGRAMS, '');
    // Prometheus stores the parts of a histogram, and nothing under its own name.
    const found = metrics.filter(({ name: own, type }) =>
      type === 'histogram' ? own === base && own !== name : own === name,
    );
    if (found.length === 0) return undefined;
    const le = name.endsWith('_bucket') ? ['le'] : [];
    return [...found.flatMap(({ labels }) => labels), ...le, ...TARGET_LABELS];
  };

  const inSelector = ({ metric, labels }: Selector): string[] => {
    const known = labelsOf(metric);
    if (known === undefined) return [`there is no metric ${metric}`];
    return labels.filter((label) => !known.includes(label)).map((label) => `${metric} has no label ${label}`);
  };

  return {
    problems(expression, usedLabels = []) {
      const { selectors, groupings } = references(expression);
      const all = selectors.flatMap(({ metric }) => labelsOf(metric) ?? []);
      return [
        ...(selectors.length === 0 ? ['there is no metric in it'] : []),
        ...selectors.flatMap(inSelector),
        ...groupings.filter((label) => !all.includes(label)).map((label) => `no metric in it has the label ${label}`),
        ...usedLabels
          .filter((label) => !groupings.includes(label))
          .map((label) => `its results have no label ${label}`),
      ].map((problem) => `${problem}: ${expression}`);
    },
  };
}

/** Labels that a template of Prometheus (`{{ $labels.x }}`) or a legend of Grafana (`{{x}}`) uses. */
export function labelsInText(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?([a-z_]\w*)\s*\}\}/gi)].map(([, label]) => label as string);
}

import { isObject, type Part } from '../part.ts';
import type { GivenValue } from './row.ts';

/** Labels of everything: of the RelayProxy, and of all that belongs to it. */
export function labels({ value }: GivenValue): Part {
  const map = value as Record<string, string>;
  return { metadata: { labels: map }, spec: { commonLabels: map } };
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

/** Annotations of the account that the operator makes. */
export function serviceAccountAnnotations({ value, origin, other, report }: GivenValue): Part {
  if (other('serviceAccount.create') === false) {
    report.note('needless', origin, 'the chart made no account that has them');
    return {};
  }
  return { spec: { podTemplate: { serviceAccountAnnotations: value as Record<string, string> } } };
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

/** How pods are replaced. */
export function strategy({ value, origin, report }: GivenValue): Part {
  const { type, rollingUpdate } = isObject(value) ? value : {};
  if (type === 'Recreate') {
    report.note('lost', origin, 'pods are never all replaced at once. Instead: nothing, one after the other is safe');
    return {};
  }
  return isObject(rollingUpdate) ? { spec: { rollout: rollingUpdate } } : {};
}

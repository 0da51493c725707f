import {
  clusterPermissions,
  type Feature,
  features,
  leaderElectionPermissions,
  type PolicyRule,
  permissions,
} from '@flagrelay/operator/permissions';
import { stringify } from 'yaml';

const notice = 'Made by `npm run chart`; do not edit.';

/**
 * The CRD as a template: with a switch, the annotation that keeps it on uninstall, and the chart's labels.
 * Throws when the CRD has something that Helm would take for a template.
 */
export function crdTemplate(crd: string): string {
  if (crd.includes('{{')) throw new Error('crds/relayproxies.yaml must not contain "{{"');
  const body = crd.replace(/^#.*\n/, '');
  const anchor = 'metadata:\n  name: relayproxies.flagrelay.dev\n';
  if (!body.includes(anchor)) throw new Error('crds/relayproxies.yaml has no metadata.name where it is expected');
  const metadata = `metadata:
  {{- $annotations := ternary (dict "helm.sh/resource-policy" "keep") dict .Values.crds.keep }}
  {{- $annotations = merge $annotations .Values.crds.annotations }}
  {{- include "flagrelay.metadata" (dict "root" . "name" "relayproxies.flagrelay.dev" "namespace" "" "annotations" $annotations) | nindent 2 }}
`;
  return `{{- /* ${notice} From crds/relayproxies.yaml. */ -}}\n{{- if .Values.crds.enabled }}\n${body.replace(anchor, metadata)}{{- end }}\n`;
}

/**
 * Named templates for what the chart takes from the code: the operator's permissions, and the fields of the status that
 * only the operator may write.
 */
export function generatedTemplates(statusFields: readonly string[]): string {
  return [
    `{{/* ${notice} From operator/src/permissions.ts and crds/src. */}}\n`,
    define('flagrelay.rules', permissions.map(ruleTemplate).join('')),
    define('flagrelay.clusterRules', rulesYaml(clusterPermissions)),
    define('flagrelay.leaderElectionRules', rulesYaml(leaderElectionPermissions)),
    define(
      'flagrelay.operatorStatusFields',
      stringify(
        statusFields.filter((name) => name !== 'instances'),
        yamlOptions,
      ),
    ),
  ].join('\n');
}

/** Helm reads YAML 1.1. */
const yamlOptions = { version: '1.1', aliasDuplicateObjects: false } as const;

function define(name: string, body: string): string {
  return `{{- define "${name}" -}}\n${body.trimEnd()}\n{{- end }}\n`;
}

/** One rule; one that a value switches off only while it is on. */
function ruleTemplate(rule: PolicyRule): string {
  const text = rulesYaml([rule]);
  const feature = (Object.keys(features) as Feature[]).find((name) => features[name] === rule);
  return feature === undefined ? text : `{{- if .Values.features.${feature} }}\n${text}{{- end }}\n`;
}

function rulesYaml(rules: readonly PolicyRule[]): string {
  return stringify(rules, yamlOptions);
}

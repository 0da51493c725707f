import { stringify } from 'yaml';
import { relayProxySchema } from './json-schema.ts';
import { names } from './names.ts';
import { group, version } from './schema/relayproxy.ts';

interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  description: string;
  jsonPath: string;
  /** 1 = only with `kubectl get -o wide` */
  priority?: 1;
}

const readyCondition = '.status.conditions[?(@.type=="Ready")]';

/** What `kubectl get relayproxies` shows. */
const columns: readonly Column[] = [
  { name: 'Ready', type: 'string', description: 'Whether all is well.', jsonPath: `${readyCondition}.status` },
  { name: 'Reason', type: 'string', description: 'Why, in one word.', jsonPath: `${readyCondition}.reason` },
  { name: 'Replicas', type: 'integer', description: 'Pods.', jsonPath: '.status.replicas' },
  { name: 'Available', type: 'integer', description: 'Ready pods.', jsonPath: '.status.readyReplicas' },
  {
    name: 'Environments',
    type: 'string',
    description: 'Connected environments out of all.',
    jsonPath: '.status.environmentsSummary',
  },
  { name: 'Age', type: 'date', description: 'Time since creation.', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Mode', type: 'string', description: 'Proxy or Daemon.', jsonPath: '.spec.mode', priority: 1 },
  { name: 'Version', type: 'string', description: 'Version of the relay.', jsonPath: '.status.version', priority: 1 },
  { name: 'URL', type: 'string', description: 'Address for SDKs.', jsonPath: '.status.url', priority: 1 },
  {
    name: 'Message',
    type: 'string',
    description: 'Why, for people.',
    jsonPath: `${readyCondition}.message`,
    priority: 1,
  },
];

/** The CustomResourceDefinition. */
export function customResourceDefinition(): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.selector',
            },
          },
          selectableFields: [{ jsonPath: '.spec.mode' }],
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: relayProxySchema() },
        },
      ],
    },
  };
}

/** Kubernetes and Helm read YAML 1.1, to which a bare OFF is the boolean false: what they would misread is quoted. */
const yamlOptions = { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

/** The CustomResourceDefinition as YAML, with a line that says where it comes from. */
export function customResourceDefinitionYaml(): string {
  const body = stringify(customResourceDefinition(), yamlOptions);
  return `# Generated from crds/src by \`npm run crds\`; do not edit.\n${body}`;
}

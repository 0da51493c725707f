/** What kwok makes of a node that is not Ready: it is, with room for any number of pods. */
const nodeReady = {
  name: 'node-ready',
  resourceRef: { apiGroup: 'v1', kind: 'Node' },
  selector: {
    matchExpressions: [
      {
        key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
        operator: 'NotIn',
        values: ['True'],
      },
    ],
  },
  next: {
    statusTemplate: `conditions:
{{ range NodeConditions }}
- {type: {{ .type }}, status: {{ .status | Quote }}, reason: {{ .reason }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }}}
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
allocatable: {cpu: "1000", memory: 4Ti, pods: "100000"}
capacity: {cpu: "1000", memory: 4Ti, pods: "100000"}
phase: Running
`,
  },
};

/** A pod that was bound to a node runs and is Ready. */
const podReady = {
  name: 'pod-ready',
  resourceRef: { apiGroup: 'v1', kind: 'Pod' },
  selector: {
    matchExpressions: [
      { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' },
      { key: '.status.phase', operator: 'In', values: ['Pending'] },
    ],
  },
  next: {
    statusTemplate: `phase: Running
startTime: {{ Now | Quote }}
conditions:
{{ range $type := split " " "PodScheduled Initialized ContainersReady Ready" }}
- {type: {{ $type }}, status: "True", lastTransitionTime: {{ Now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name }}, image: {{ .image | Quote }}, imageID: "", ready: true, started: true, restartCount: 0, state: {running: {startedAt: {{ Now | Quote }}}}}
{{ end }}
hostIP: {{ index ( NodeIPsWith .spec.nodeName ) 0 | Quote }}
podIP: {{ index ( PodIPsWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace ) 0 | Quote }}
`,
  },
};

/** A pod that is to go is gone. */
const podGone = {
  name: 'pod-gone',
  resourceRef: { apiGroup: 'v1', kind: 'Pod' },
  selector: { matchExpressions: [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }] },
  next: { delete: true },
};

/** kwok's configuration: a file of several YAML documents, of which JSON is a kind. */
export function kwokStages(): string {
  return [nodeReady, podReady, podGone]
    .map(({ name, ...spec }) =>
      JSON.stringify({ apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'Stage', metadata: { name }, spec }),
    )
    .join('\n---\n');
}

/** Nodes that kwok keeps, spread over three zones. */
export function kwokNodes(count: number): object[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `kwok-${index}`;
    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'topology.kubernetes.io/region': 'local',
      'topology.kubernetes.io/zone': zoneOf(name),
    };
    return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
  });
}

/** The zone of a node of {@link kwokNodes}. */
export function zoneOf(node: string): string {
  return `zone-${'abc'[Number(node.replace('kwok-', '')) % 3]}`;
}

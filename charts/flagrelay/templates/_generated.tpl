{{/* Made by `npm run chart`; do not edit. From operator/src/permissions.ts and crds/src. */}}

{{- define "flagrelay.rules" -}}
- apiGroups:
    - ""
  resources:
    - configmaps
    - serviceaccounts
    - services
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
- apiGroups:
    - ""
  resources:
    - persistentvolumeclaims
  verbs:
    - get
    - list
    - watch
- apiGroups:
    - ""
  resources:
    - pods
  verbs:
    - get
    - list
    - patch
    - watch
- apiGroups:
    - ""
  resources:
    - pods/eviction
  verbs:
    - create
- apiGroups:
    - apps
  resources:
    - deployments
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
- apiGroups:
    - apps
  resources:
    - replicasets
  verbs:
    - get
    - list
    - watch
- apiGroups:
    - autoscaling
  resources:
    - horizontalpodautoscalers
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - update
    - watch
- apiGroups:
    - events.k8s.io
  resources:
    - events
  verbs:
    - create
    - list
    - patch
- apiGroups:
    - flagrelay.dev
  resources:
    - relayproxies
  verbs:
    - get
    - list
    - watch
- apiGroups:
    - flagrelay.dev
  resources:
    - relayproxies/status
  verbs:
    - get
    - patch
{{- if .Values.features.httpRoute }}
- apiGroups:
    - gateway.networking.k8s.io
  resources:
    - httproutes
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
{{- end }}
{{- if .Values.features.prometheusRule }}
- apiGroups:
    - monitoring.coreos.com
  resources:
    - prometheusrules
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
{{- end }}
{{- if .Values.features.serviceMonitor }}
- apiGroups:
    - monitoring.coreos.com
  resources:
    - servicemonitors
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
{{- end }}
- apiGroups:
    - networking.k8s.io
  resources:
    - ingresses
    - networkpolicies
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
- apiGroups:
    - policy
  resources:
    - poddisruptionbudgets
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
- apiGroups:
    - rbac.authorization.k8s.io
  resources:
    - rolebindings
    - roles
  verbs:
    - create
    - delete
    - get
    - list
    - patch
    - watch
{{- end }}

{{- define "flagrelay.clusterRules" -}}
- apiGroups:
    - ""
  resources:
    - nodes
  verbs:
    - get
    - list
    - watch
{{- end }}

{{- define "flagrelay.leaderElectionRules" -}}
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  verbs:
    - create
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  resourceNames:
    - flagrelay-operator
  verbs:
    - get
    - patch
    - update
- apiGroups:
    - events.k8s.io
  resources:
    - events
  verbs:
    - create
    - patch
{{- end }}

{{- define "flagrelay.operatorStatusFields" -}}
- observedGeneration
- replicas
- readyReplicas
- updatedReplicas
- selector
- operator
- image
- version
- activeInstance
- credentialsRotatedTime
- url
- environmentsSummary
- sizing
- zones
- environments
- conditions
{{- end }}

{{/* Name of all objects: the release, and the chart unless the release is named after it. */}}
{{- define "flagrelay.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Namespace of all objects that have one. */}}
{{- define "flagrelay.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end }}

{{/* Name of objects that the cluster has but one of: two releases of one name in two namespaces may both be there. */}}
{{- define "flagrelay.clusterName" -}}
{{- printf "%s-%s" (include "flagrelay.namespace" .) (include "flagrelay.fullname" .) -}}
{{- end }}

{{- define "flagrelay.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "flagrelay.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* Labels that select the operator's pods; they never change. */}}
{{- define "flagrelay.selectorLabels" -}}
app.kubernetes.io/name: flagrelay-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every object. Those that the chart sets itself cannot be changed. */}}
{{- define "flagrelay.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/component" "operator"
  "app.kubernetes.io/part-of" "flagrelay"
  "app.kubernetes.io/managed-by" .Release.Service
-}}
{{- toYaml (merge $own (fromYaml (include "flagrelay.selectorLabels" .)) .Values.commonLabels) -}}
{{- end }}

{{/*
Metadata of an object. `root`: the context; `name`; `namespace`: empty for objects outside namespaces; `labels` and
`annotations`: more of them, which may not replace the chart's own labels.
*/}}
{{- define "flagrelay.metadata" -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- toYaml (merge (fromYaml (include "flagrelay.labels" .root)) (default dict .labels)) | nindent 2 }}
{{- with merge dict (default dict .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Reference of an image: a digest takes precedence over a tag, which defaults to the version of the chart. */}}
{{- define "flagrelay.image" -}}
{{- $registry := default .image.registry .root.Values.global.imageRegistry -}}
{{- $name := ternary .image.repository (printf "%s/%s" $registry .image.repository) (empty $registry) -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .root.Chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end }}

{{- define "flagrelay.imagePullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets | uniq -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end }}

{{- define "flagrelay.operatorSubject" -}}
- kind: ServiceAccount
  name: {{ include "flagrelay.serviceAccountName" . }}
  namespace: {{ include "flagrelay.namespace" . }}
{{- end }}

{{/*
Not empty when an object of a kind that a cluster may not have is to be rendered. `root`: the context; `api`: version and
kind; `mode`: the value `renderMode`; `value`: name of the value that asks for it.
*/}}
{{- define "flagrelay.renders" -}}
{{- if or (eq .mode "alwaysRender") (.root.Capabilities.APIVersions.Has .api) -}}
true
{{- else if eq .mode "failIfMissing" -}}
{{- fail (printf "%s asks for %s, which the cluster does not have" .value .api) -}}
{{- end -}}
{{- end }}

{{/* Mistakes that a schema cannot tell. */}}
{{- define "flagrelay.validate" -}}
{{- if and (not .Values.leaderElection.enabled) (gt (int .Values.replicas) 1) -}}
{{- fail "leaderElection.enabled may be false with replicas 1 only: several operators without a Lease work against each other" -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled" -}}
{{- end -}}
{{- if eq (int .Values.metrics.port) (int .Values.probes.port) -}}
{{- fail "metrics.port and probes.port must differ" -}}
{{- end -}}
{{- end }}

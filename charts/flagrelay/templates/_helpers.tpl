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

{{/* Name of objects that the cluster has but one of: two releases of one name in two namespaces may both be there. */}}
{{- define "flagrelay.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "flagrelay.fullname" .) -}}
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

{{/* Reference of an image: a digest stands above a tag, the version of the chart is the tag of last resort. */}}
{{- define "flagrelay.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .version .image.tag) -}}
{{- end -}}
{{- end }}

{{- define "flagrelay.operatorSubject" -}}
- kind: ServiceAccount
  name: {{ include "flagrelay.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Three quarters of the memory limit in MiB, for Node's heap; empty where the limit is not a whole number of a usual unit. */}}
{{- define "flagrelay.heapMiB" -}}
{{- $limit := default "" ((.Values.resources).limits).memory -}}
{{- $text := ternary $limit (toString (int64 (default 0 $limit))) (kindIs "string" $limit) -}}
{{- if regexMatch "^[1-9][0-9]*(Ki|Mi|Gi|k|M|G)?$" $text -}}
{{- $units := dict "" 1 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "k" 1000 "M" 1000000 "G" 1000000000 -}}
{{- $bytes := mul (int64 (regexFind "^[0-9]+" $text)) (get $units (regexFind "[A-Za-z]*$" $text)) -}}
{{- div (mul $bytes 3) 4194304 -}}
{{- end -}}
{{- end }}

{{/* Variables that the chart sets. */}}
{{- define "flagrelay.ownEnvironment" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- $disabled := list }}
{{- range $name, $enabled := .Values.features }}
{{- if not $enabled }}
{{- $disabled = append $disabled $name }}
{{- end }}
{{- end }}
{{- $text := dict
  "RELAY_IMAGE" (include "flagrelay.image" (dict "root" . "image" .Values.relay.image))
  "WATCH_NAMESPACES" (join "," .Values.watchNamespaces)
  "LOG_LEVEL" .Values.log.level
  "LOG_FORMAT" .Values.log.format
  "LEADER_ELECTION" .Values.leaderElection.enabled
  "LEASE_DURATION_SECONDS" .Values.leaderElection.leaseDurationSeconds
  "RENEW_DEADLINE_SECONDS" .Values.leaderElection.renewDeadlineSeconds
  "RETRY_PERIOD_SECONDS" .Values.leaderElection.retryPeriodSeconds
  "CONCURRENCY" .Values.controller.concurrency
  "MAX_CONCURRENT_ROLLOUTS" .Values.controller.maxConcurrentRollouts
  "ROLLOUT_DELAY_SECONDS" .Values.controller.rolloutDelaySeconds
  "HEAL_STUCK_AFTER_SECONDS" .Values.controller.healStuckAfterSeconds
  "ASK_PODS_PERIOD_SECONDS" .Values.controller.askPodsPeriodSeconds
  "DISABLED_FEATURES" (join "," $disabled)
  "KUBE_QPS" .Values.controller.kubeQPS
  "KUBE_BURST" .Values.controller.kubeBurst
  "RUNBOOK_BASE_URL" .Values.prometheusRule.runbookBaseURL
  "METRICS_ENABLED" .Values.metrics.enabled
  "METRICS_PORT" .Values.metrics.port
  "PROBE_PORT" .Values.probes.port
}}
{{- with include "flagrelay.heapMiB" . }}
{{- $_ := set $text "NODE_OPTIONS" (printf "--max-old-space-size=%s" .) }}
{{- end }}
{{- range $name, $value := $text }}
- name: {{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}

{{/* All variables: the chart's, without those that the user sets, and the user's. */}}
{{- define "flagrelay.environment" -}}
{{- $given := list -}}
{{- range .Values.extraEnv -}}
{{- $given = append $given .name -}}
{{- end -}}
{{- $all := list -}}
{{- range fromYamlArray (include "flagrelay.ownEnvironment" .) -}}
{{- if not (has .name $given) -}}
{{- $all = append $all . -}}
{{- end -}}
{{- end -}}
{{- toYaml (concat $all .Values.extraEnv) -}}
{{- end }}

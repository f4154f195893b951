{{/* First part of the names of objects; 38 characters leave room for what is appended. */}}
{{- define "sluiceway.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 38 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 38 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 38 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Name of objects that have no namespace: releases of one name in two namespaces do not meet. */}}
{{- define "sluiceway.clusterName" -}}
{{ include "sluiceway.fullname" . }}:{{ .Release.Namespace }}
{{- end -}}

{{- define "sluiceway.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "sluiceway.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ required "serviceAccount.create is false: give the name of one that exists as serviceAccount.name" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* What tells the operator's pods apart; never changes, since selectors cannot. */}}
{{- define "sluiceway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "sluiceway.labels" -}}
{{ include "sluiceway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sluiceway.image" -}}
{{- with .Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{/* What the operator may do in a namespace that it serves: what it does, and nothing else. A test holds both lists together. */}}
{{- define "sluiceway.rules" -}}
- apiGroups: [sluiceway.dev]
  resources: [streamconsumers]
  verbs: [get, list, watch, patch]
- apiGroups: [sluiceway.dev]
  resources: [streamconsumers/status]
  verbs: [patch]
- apiGroups: [apps]
  resources: [deployments/scale, replicasets/scale, statefulsets/scale]
  verbs: [get, update]
{{- range .Values.rbac.extraTargets }}
- apiGroups: [{{ .group | quote }}]
  resources: [{{ .resource }}/scale]
  verbs: [get, update]
{{- end }}
# who is alive, and which pods are to be spared when there shall be fewer
- apiGroups: [""]
  resources: [pods]
  verbs: [list, patch]
# another autoscaler on the same target is told, not fought
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- if .Values.rbac.secrets.enabled }}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
  {{- with .Values.rbac.secrets.names }}
  resourceNames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

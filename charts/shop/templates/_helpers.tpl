{{/* First part of the names of objects; 38 characters leave room for what is appended. */}}
{{- define "shop.fullname" -}}
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

{{/* Name of a component's objects. Takes (dict "root" $ "component" "orders"). */}}
{{- define "shop.component" -}}
{{ include "shop.fullname" .root }}-{{ .component }}
{{- end -}}

{{/* What tells the pods of a component apart; never changes, since selectors cannot. */}}
{{- define "shop.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "shop.labels" -}}
{{ include "shop.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* An image's full name. Takes (dict "root" $ "image" .image). */}}
{{- define "shop.image" -}}
{{- $tag := default (default .root.Chart.AppVersion .root.Values.image.tag) .image.tag -}}
{{- with .root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .image.repository }}:{{ $tag }}
{{- end -}}

{{- define "shop.redisUrl" -}}
{{- if .Values.server.enabled -}}
redis://{{ include "shop.fullname" . }}-server:6379/0
{{- else if contains "@" .Values.redis.url -}}
{{- fail "redis.url holds a user or a password: put the password into a Secret that redis.existingSecret names, and the user into redis.username" -}}
{{- else -}}
{{- required "redis.url is empty: give the event store's address, for example --set redis.url=redis://redis:6379/0, or try it out with --set server.enabled=true" .Values.redis.url -}}
{{- end -}}
{{- end -}}

{{/* Secret with the login of the event store; empty if it needs none. */}}
{{- define "shop.redisSecret" -}}
{{- if .Values.server.enabled -}}
{{ include "shop.fullname" . }}-server
{{- else -}}
{{ .Values.redis.existingSecret }}
{{- end -}}
{{- end -}}

{{/* The operator is in another namespace, where the short name of the server would be somebody else's. */}}
{{- define "shop.redisUrlForOperator" -}}
{{- if .Values.autoscaling.redis.url -}}
{{ .Values.autoscaling.redis.url }}
{{- else if .Values.server.enabled -}}
redis://{{ include "shop.fullname" . }}-server.{{ .Release.Namespace }}.svc:6379/0
{{- else -}}
{{ include "shop.redisUrl" . }}
{{- end -}}
{{- end -}}

{{- define "shop.redisSecretForOperator" -}}
{{- if .Values.autoscaling.redis.existingSecret -}}
name: {{ .Values.autoscaling.redis.existingSecret }}
{{- else if include "shop.redisSecret" . -}}
{{- if and .Values.redis.username (not .Values.server.enabled) -}}
{{- fail "redis.username is set, so the operator needs a login of its own: put its user and password into a Secret, under the keys username and password, and name it in autoscaling.redis.existingSecret" -}}
{{- end -}}
name: {{ include "shop.redisSecret" . }}
passwordKey: {{ if .Values.server.enabled }}password{{ else }}{{ .Values.redis.passwordKey }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "shop.redisPort" -}}
{{- $port := regexFind ":[0-9]+(/|$)" (include "shop.redisUrl" .) | trimAll ":/" -}}
{{ default "6379" $port }}
{{- end -}}

{{- define "shop.podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "shop.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

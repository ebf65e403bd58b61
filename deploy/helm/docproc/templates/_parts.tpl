{{- define "docproc.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "docproc.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "docproc.labels" -}}
{{ include "docproc.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "docproc.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "docproc.gpuImage" -}}
{{ .Values.gpuImage.repository }}:{{ .Values.gpuImage.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* what every pod has, whatever runs in it */ -}}
{{- define "docproc.pod" -}}
automountServiceAccountToken: {{ ne .Values.serviceAccountName "" }}
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "docproc.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "docproc.env" -}}
- {name: DOCPROC_SECRETS_DIR, value: /run/secrets/docproc}
- {name: DOCPROC_BLOB_URL, value: {{ .Values.blobs.url | quote }}}
{{- if .Values.blobs.secretName }}
- {name: AWS_SHARED_CREDENTIALS_FILE, value: /run/secrets/docproc/s3_credentials}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: DOCPROC_{{ upper $name }}
  value: {{ if kindIs "string" $value }}{{ $value | quote }}{{ else }}{{ toJson $value | quote }}{{ end }}
{{- end }}
{{- end }}

{{- define "docproc.mounts" -}}
- {name: secrets, mountPath: /run/secrets/docproc, readOnly: true}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /var/lib/docproc}
{{- end }}

{{- /* `opens`: takes passwords in, or opens documents with them */ -}}
{{- define "docproc.volumes" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret: {name: {{ .root.Values.database.secretName }}, items: [{key: {{ .root.Values.database.key }}, path: docproc_database_url}]}
      - secret: {name: {{ .root.Values.broker.secretName }}, items: [{key: {{ .root.Values.broker.key }}, path: docproc_broker_url}]}
{{- if .root.Values.blobs.secretName }}
      - secret: {name: {{ .root.Values.blobs.secretName }}, items: [{key: {{ .root.Values.blobs.key }}, path: s3_credentials}]}
{{- end }}
{{- if and .opens .root.Values.sealing.secretName }}
      - secret: {name: {{ .root.Values.sealing.secretName }}, items: [{key: {{ .root.Values.sealing.key }}, path: docproc_sealing_key}]}
{{- end }}
{{- range $file, $place := .root.Values.secretSettings }}
      - secret: {name: {{ $place.secretName }}, items: [{key: {{ $place.key }}, path: {{ $file }}}]}
{{- end }}
- {name: tmp, emptyDir: {sizeLimit: {{ .root.Values.scratch.sizeLimit }}}}
- {name: data, emptyDir: {sizeLimit: 4Gi}}
{{- end }}

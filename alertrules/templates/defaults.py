"""The default templates of notifications, under the names that Alertmanager's configurations call."""

from typing import Final

_SHARED: Final = """
{{ define "__alertmanager" }}Fleetgauge{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}{{ end }}
{{ define "__description" }}{{ end }}
{{ define "__time" }}{{ .UTC.Format "2006-01-02 15:04:05 MST" }}{{ end }}

{{ define "__subject" -}}
[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]
{{- with .GroupLabels.SortedPairs.Values }} {{ join " " . }}{{ end }}
{{- with (.CommonLabels.Remove .GroupLabels.Names).Values }} ({{ join " " . }}){{ end }}
{{- end }}

{{ define "__text_alert" -}}
{{ if eq .Status "resolved" }}Resolved{{ else }}Firing{{ end }}: {{ .Labels.alertname }}
{{- with .Labels.instance }} at {{ . }}{{ end }}
{{ with .Annotations.summary }}{{ . }}
{{ end }}{{ with .Annotations.description }}{{ . }}
{{ end }}Since: {{ template "__time" .StartsAt }}
{{- if eq .Status "resolved" }}, until {{ template "__time" .EndsAt }}{{ end }}
Labels:
{{- with .Labels.Remove (stringSlice "alertname" "instance") -}}
{{ range .SortedPairs }} {{ .Name }}={{ .Value }}{{ end }}{{ end }}
{{ with or .Annotations.runbook_url .Annotations.runbook }}Runbook: {{ . }}
{{ end }}{{ with .Evidence }}{{ with .summary }}Evidence: {{ . }}
{{ end }}{{ end }}{{ with .GeneratorURL }}Source: {{ . }}
{{ end }}{{ end }}

{{ define "__text_alert_list" }}{{ range $place, $alert := . }}{{ if $place }}
{{ end }}{{ template "__text_alert" $alert }}{{ end }}{{ end }}

{{ define "__text_alerts" -}}
{{ template "__text_alert_list" .Alerts.Firing }}
{{- if and .Alerts.Firing .Alerts.Resolved }}
{{ end }}
{{- template "__text_alert_list" .Alerts.Resolved }}
{{- end }}

{{ define "__text_summary" -}}
{{ range $place, $alert := .Alerts }}{{ if $place }}
{{ end }}{{ if eq .Status "resolved" }}resolved: {{ end -}}
{{ with .Annotations.summary }}{{ . }}
{{- else }}{{ .Labels.alertname }}{{ with .Labels.instance }} at {{ . }}{{ end }}{{ end }}
{{- if eq .Status "firing" }}{{ with .Evidence }}{{ with .summary }}
Evidence: {{ . }}{{ end }}{{ end }}{{ end }}
{{- end }}{{ end }}
"""

# A name and what it calls. All of these are short, so they are written as a table.
_CALLING: Final = {
    "slack.default.title": "__subject",
    "slack.default.username": "__alertmanager",
    "slack.default.text": "__text_alerts",
    "slack.default.titlelink": "__alertmanagerURL",
    "slack.default.footer": "__alertmanager",
    "pagerduty.default.description": "__subject",
    "pagerduty.default.client": "__alertmanager",
    "pagerduty.default.clientURL": "__alertmanagerURL",
    "opsgenie.default.message": "__subject",
    "opsgenie.default.description": "__text_alerts",
    "opsgenie.default.source": "__alertmanagerURL",
    "victorops.default.state_message": "__text_alerts",
    "victorops.default.entity_display_name": "__subject",
    "victorops.default.monitoring_tool": "__alertmanager",
    "email.default.subject": "__subject",
    "email.default.text": "__text_alerts",
    "pushover.default.title": "__subject",
    "pushover.default.message": "__text_summary",
    "pushover.default.url": "__alertmanagerURL",
    "sns.default.subject": "__subject",
    "sns.default.message": "__text_alerts",
    "telegram.default.message": "__text_alerts",
    "discord.default.title": "__subject",
    "discord.default.message": "__text_alerts",
    "webex.default.message": "__text_alerts",
    "msteams.default.title": "__subject",
    "msteams.default.summary": "__subject",
    "msteams.default.text": "__text_alerts",
    "wechat.default.message": "__text_alerts",
}
_PLAIN: Final = {
    "slack.default.pretext": "",
    "slack.default.fallback": '{{ template "__subject" . }} | {{ template "__alertmanagerURL" . }}',
    "slack.default.color": '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
    "slack.default.callbackid": "",
    "slack.default.iconemoji": "",
    "slack.default.iconurl": "",
    "pagerduty.default.instances": '{{ template "__text_alert_list" . }}',
    "opsgenie.default.tags": "",
    "opsgenie.default.teams": "",
    "wechat.default.to_user": "",
    "wechat.default.to_party": "",
    "wechat.default.to_tag": "",
    "wechat.default.agent_id": "",
}

_EMAIL: Final = """
{{ define "__html_alert" -}}
{{ if eq .Status "resolved" }}<table style="width: 100%; border-left: 4px solid #2e7d32; margin: 0 0 16px 0;">
{{- else }}<table style="width: 100%; border-left: 4px solid #c62828; margin: 0 0 16px 0;">{{ end }}
<tr><td style="padding: 4px 12px;">
<strong>{{ .Labels.alertname }}</strong>{{ with .Labels.instance }} at {{ . }}{{ end }}<br>
{{ with .Annotations.summary }}{{ . }}<br>
{{ end }}{{ with .Annotations.description }}{{ . }}<br>
{{ end }}<span style="color: #666;">since {{ template "__time" .StartsAt }}
{{- if eq .Status "resolved" }}, until {{ template "__time" .EndsAt }}{{ end }}</span><br>
{{ range (.Labels.Remove (stringSlice "alertname" "instance")).SortedPairs -}}
<code>{{ .Name }}={{ .Value }}</code> {{ end }}<br>
{{ with .Evidence }}{{ with .summary }}<pre>{{ . }}</pre>
{{ end }}{{ end }}{{ with .Annotations.runbook_url }}<a href="{{ . }}">Runbook</a>
{{ else }}{{ with .Annotations.runbook }}Runbook: {{ . }}<br>
{{ end }}{{ end }}
{{- with .GeneratorURL }}<a href="{{ . }}">Source</a>{{ end }}
</td></tr>
</table>
{{ end }}

{{ define "email.default.html" -}}
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>{{ template "__subject" . }}</title></head>
<body style="font-family: sans-serif; font-size: 14px; color: #222; margin: 0; padding: 16px;">
<p style="font-size: 16px;"><strong>{{ template "__subject" . }}</strong></p>
{{ if .Alerts.Firing }}<h3>{{ len .Alerts.Firing }} firing</h3>
{{ range .Alerts.Firing }}{{ template "__html_alert" . }}{{ end }}{{ end }}
{{- if .Alerts.Resolved }}<h3>{{ len .Alerts.Resolved }} resolved</h3>
{{ range .Alerts.Resolved }}{{ template "__html_alert" . }}{{ end }}{{ end -}}
<p><a href="{{ template "__alertmanagerURL" . }}">Open in {{ template "__alertmanager" . }}</a></p>
</body>
</html>
{{ end }}
"""

DEFAULT_TEXTS: Final = (
    ("default.tmpl", _SHARED),
    (
        "receivers.tmpl",
        "".join(
            f'{{{{ define "{name}" }}}}{{{{ template "{called}" . }}}}{{{{ end }}}}\n'
            for name, called in _CALLING.items()
        )
        + "".join(f'{{{{ define "{name}" }}}}{text}{{{{ end }}}}\n' for name, text in _PLAIN.items()),
    ),
    ("email.tmpl", _EMAIL),
)
"""Names of texts, and the texts."""

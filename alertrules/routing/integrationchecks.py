"""What must hold for single blocks of a receiver's ways, beyond their tables; what follows from other values.

Each function gets the fields, to tell of lines, and the values, to complete them. No message says a value.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from alertrules.reading import Fields

EMAIL_SUBJECT: Final = '{{ template "email.default.subject" . }}'
PAGERDUTY_DETAILS: Final[Mapping[str, str]] = {
    "firing": '{{ template "pagerduty.default.instances" .Alerts.Firing }}',
    "resolved": '{{ template "pagerduty.default.instances" .Alerts.Resolved }}',
    "num_firing": "{{ .Alerts.Firing | len }}",
    "num_resolved": "{{ .Alerts.Resolved | len }}",
}
JIRA_TEXTS: Final = ("summary", "description")
RESPONDERS: Final = ("team", "teams", "user", "escalation", "schedule")
# VictorOps has these already.
_VICTOROPS_OWN: Final = (
    "routing_key",
    "message_type",
    "state_message",
    "entity_display_name",
    "monitoring_tool",
    "entity_id",
    "entity_state",
)
_APPRISE_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S.*", re.DOTALL)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
_SNS_TARGETS: Final = ("topic_arn", "phone_number", "target_arn")


def tls(fields: Fields, values: dict[str, Any]) -> None:
    """A certificate needs its key, and a key its certificate."""
    has_cert = bool(values["cert"] or values["cert_file"])
    if has_cert != bool(values["key"] or values["key_file"]):
        fields.problems.add(fields.line, "tls_config: a certificate and its key must be set together.")


def authorization(fields: Fields, values: dict[str, Any]) -> None:
    """Basic has a block of its own."""
    values["type"] = (values["type"] or "").strip() or "Bearer"
    if values["type"].lower() == "basic":
        fields.wrong("type", "for basic there is basic_auth.")


def http(fields: Fields, values: dict[str, Any]) -> None:
    """Proxies by one way only; a bearer token becomes the authorization that it is."""
    if values["proxy_from_environment"] and (values["proxy_url"] or values["no_proxy"]):
        fields.wrong("proxy_from_environment", "then there must be no proxy_url and no no_proxy.")
    if values["no_proxy"] and not values["proxy_url"]:
        fields.wrong("no_proxy", "it needs proxy_url.")
    if values["proxy_connect_header"] and not (values["proxy_url"] or values["proxy_from_environment"]):
        fields.wrong("proxy_connect_header", "it needs proxy_url or proxy_from_environment.")
    if _BAD_ESCAPE.search(values["proxy_url"]):
        fields.wrong("proxy_url", "a percent sign must begin an escape such as %20.")
    headers = values["proxy_connect_header"]
    if headers is not None and not _is_lists(headers):
        fields.wrong("proxy_connect_header", "must be a mapping of names to lists.")
    token, file = values["bearer_token"], values["bearer_token_file"]
    if (token or file) and values["authorization"] is None:
        values["authorization"] = {"type": "Bearer", "credentials": token, "credentials_file": file}


def _is_lists(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, list) for each in value.values())


def counts(fields: Fields, values: dict[str, Any]) -> None:
    """There is no negative number of alerts."""
    if values["max_alerts"] < 0:
        fields.wrong("max_alerts", "must be 0 or more.")


def email(fields: Fields, values: dict[str, Any]) -> None:
    """The case of a header's name does not count; three headers are always there."""
    headers: dict[str, str] = {}
    for name, value in values["headers"].items():
        usual = "-".join(part.capitalize() for part in name.split("-"))
        if usual in headers:
            fields.wrong("headers", f"{usual} stands twice.")
        headers[usual] = value
    values["headers"] = {
        "Subject": EMAIL_SUBJECT,
        "To": values["to"],
        "From": values["from"],
        **headers,
    }
    threading = values["threading"]
    if threading is not None and threading["enabled"]:
        if not threading["thread_by_date"]:
            fields.wrong("threading", "thread_by_date must be none or daily.")
        if {"References", "In-Reply-To"} & set(headers):
            fields.wrong("threading", "then there must be no headers References and In-Reply-To.")


def pagerduty(fields: Fields, values: dict[str, Any]) -> None:
    """One of four keys; some details are always there."""
    keys = ("routing_key", "routing_key_file", "service_key", "service_key_file")
    if not any(values[name] for name in keys):
        fields.problems.add(fields.line, f"pagerduty_configs needs one of {', '.join(keys)}.")
    details = values["details"]
    if details is not None and not isinstance(details, dict):
        fields.wrong("details", "must be a mapping of names to values.")
        return
    values["details"] = {**PAGERDUTY_DETAILS, **(details or {})}
    values["source"] = values["source"] or values["client"]


def responder(fields: Fields, values: dict[str, Any]) -> None:
    """Somebody, of a known type unless it is a template."""
    if not any(values[name] for name in ("id", "name", "username")):
        fields.problems.add(fields.line, "a responder needs id, name or username.")
    if "{{" in values["type"]:
        return
    if values["type"].lower() not in RESPONDERS:
        fields.problems.add(fields.line_of("type"), f"type: it must be {' or '.join(RESPONDERS)}.")


def victorops(fields: Fields, values: dict[str, Any]) -> None:
    """Custom fields must not be called as those that are always there."""
    for name in values["custom_fields"]:
        if name in _VICTOROPS_OWN:
            fields.wrong("custom_fields", f"{name} is a field that VictorOps has already.")


def webex(fields: Fields, values: dict[str, Any]) -> None:
    """Webex wants a token, of its own http_config."""
    own = values["http_config"] if fields.has("http_config") else None
    if own is None or own["authorization"] is None:
        fields.problems.add(fields.line, "webex_configs needs http_config with authorization.")


def sigv4(fields: Fields, values: dict[str, Any]) -> None:
    """Both halves of the key, or none."""
    if bool(values["access_key"]) != bool(values["secret_key"]):
        fields.problems.add(fields.line, "sigv4: access_key and secret_key must be set together.")


def sns(fields: Fields, values: dict[str, Any]) -> None:
    """Somebody to tell. That two are wrong and three right is how Alertmanager has it."""
    if sum(bool(values[name]) for name in _SNS_TARGETS) not in (1, 3):
        fields.problems.add(fields.line, f"sns_configs needs one of {', '.join(_SNS_TARGETS)}.")


def jira(fields: Fields, values: dict[str, Any]) -> None:
    """Texts may be blocks since Alertmanager 0.29; here they always are."""
    for name in JIRA_TEXTS:
        text = values[name]
        if text is not None and not isinstance(text, str | dict):
            fields.wrong(name, "must be a text, or a block with template and enable_update.")
        given = text if isinstance(text, dict) else {} if text is None else {"template": text}
        default = f'{{{{ template "jira.default.{name}" . }}}}'
        values[name] = {"template": default, "enable_update": True, **given}
        _end(fields, name, given, ("template", "enable_update"))
    labels = values["labels"]
    if labels is not None and not isinstance(labels, list | dict):
        fields.wrong("labels", "must be a list, or a block with values.")
    given = labels if isinstance(labels, dict) else {"values": labels if isinstance(labels, list) else []}
    _end(fields, "labels", given, ("values", "enable_update", "update_mode"))
    values["labels"] = {"values": [], "enable_update": True, "update_mode": "replace", **given}
    if values["fields"] is not None and not isinstance(values["fields"], dict):
        fields.wrong("fields", "must be a mapping of names to values.")


def _end(fields: Fields, name: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            fields.wrong(name, f"{key}: there is no such field; it may have {', '.join(known)}.")


def incidentio(fields: Fields, values: dict[str, Any]) -> None:
    """A token, or an authorization of its own, not both."""
    counts(fields, values)
    own = values["http_config"] if fields.has("http_config") else None
    has_token = bool(values["alert_source_token"] or values["alert_source_token_file"])
    has_own = own is not None and own["authorization"] is not None
    if has_token and has_own:
        fields.wrong("http_config", "with alert_source_token there must be no authorization.")
    if own is not None and not has_token and not has_own:
        fields.wrong("http_config", "without alert_source_token there must be authorization.")


def apprise(fields: Fields, values: dict[str, Any]) -> None:
    """A URL of Apprise has a scheme of its own; which there are, Apprise knows."""
    if values["url"] and not _APPRISE_URL.fullmatch(values["url"]):
        fields.wrong("url", "it must be a URL of Apprise, SCHEME://…")

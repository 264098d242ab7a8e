"""How each kind of receiver is told with Apprise: its settings become arguments, a title and a body.

Owns what follows from settings. Sends nothing, and knows of Apprise only the names of its arguments. What
Apprise's own service can't say, or to a host it can't reach, goes through Apprise's JSON service.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from alertrules.errors import NotifyFailed
from gateway.alerting.channels.sheet import Sheet

TEXT: Final = "text"
HTML: Final = "html"
MARKDOWN: Final = "markdown"

_COLORS: Final = {"danger": "#A30200", "warning": "#DAA038", "good": "#2EB886"}
"""Slack's own names for colors, for which Apprise wants numbers."""

_RESPONDERS: Final = {"team": "#", "schedule": "*", "escalation": "^", "user": "@"}
"""What Apprise sets before the name of a responder of Opsgenie."""

SSL_PORT: Final = 465
"""At this port mail is encrypted from the first byte on, as Alertmanager takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What Apprise is to send: arguments with a schema, or an address, and what it says.

    `format` says how the body is written; without one it goes as it is, in the service's own format.
    """

    service: Mapping[str, Any] | str = field(repr=False)
    title: str = ""
    body: str = ""
    format: str | None = TEXT
    color: str = ""


def web_parts(url: str) -> tuple[str, list[str]]:
    """Return the host and the pieces of the path of a web address; raises NotifyFailed."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname, [piece for piece in parts.path.split("/") if piece]
    except ValueError:
        pass
    raise NotifyFailed("the address must be http:// or https://HOST[:PORT]/PATH", is_final=True)


def place(url: str, plain: str, secure: str) -> dict[str, Any]:
    """Return scheme, host and port for Apprise."""
    host, _ = web_parts(url)
    parts = urlsplit(url)
    found: dict[str, Any] = {
        "schema": secure if parts.scheme == "https" else plain,
        "host": f"[{host}]" if ":" in host else host,
        "port": parts.port,
    }
    # Apprise takes both for parts of an address, and unquotes them.
    if parts.username is not None:
        found |= {"user": parts.username, "password": parts.password or ""}
    return found


def as_json(
    url: str,
    values: Mapping[str, Any],
    *,
    body: str,
    title: str = "",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return Apprise's JSON service for an address: `body` and `title` name what the two are called there."""
    parts = urlsplit(url)
    names = {"version": "", "attachments": "", "type": "", "message": body, "title": title}
    own = {name: wanted for name, wanted in names.items() if name != wanted}
    return {
        **place(url, "json", "jsons"),
        "fullpath": parts.path or "/",
        "params": dict(parse_qsl(parts.query)),
        "headers": dict(headers or {}),
        "payload": {**own, **values},
    }


def _slack(sheet: Sheet) -> Message:
    title, color = sheet.text("title"), sheet.text("color")
    link = sheet.text("title_link")
    lines = [sheet.text("pretext"), sheet.text("text"), *_slack_fields(sheet)]
    if link:
        lines.append(f"<{link}>")
    if footer := sheet.text("footer"):
        lines.append(footer)
    body = "\n".join(line for line in lines if line) or sheet.text("fallback")
    channel, username = sheet.text("channel"), sheet.text("username")
    if _has(sheet, "app_token"):
        return _slack_bot(sheet.secret("app_token"), channel, title, body, _color(color))
    url = sheet.secret("api_url")
    host, path = web_parts(url)
    if host in ("hooks.slack.com", "hooks.slack-gov.com") and path[:1] == ["services"] and len(path) == 4:
        service: dict[str, Any] = {
            "schema": "slack",
            "mode": "hook" if host == "hooks.slack.com" else "gov-hook",
            **dict(zip(("token_a", "token_b", "token_c"), path[1:], strict=True)),
            "targets": [channel] if channel else [],
            "user": quote(username, safe="") or None,
            "include_image": False,
            "include_footer": False,
        }
        return Message(service=service, title=title, body=body, format=None, color=_color(color))
    if host == "slack.com" and path == ["api", "chat.postMessage"]:
        token = sheet.secret("credentials", "http_config", "authorization")
        return _slack_bot(token, channel, title, body, _color(color))
    # Mattermost, Rocket.Chat and others take what Slack takes.
    values = {"channel": channel, "username": username}
    filled = {name: value for name, value in values.items() if value}
    text = f"*{title}*\n{body}" if title and body else title or body
    return Message(service=as_json(url, filled, body="text"), body=text)


def _slack_bot(token: str, channel: str, title: str, body: str, color: str) -> Message:
    service: dict[str, Any] = {
        "schema": "slack",
        "access_token": token,
        "targets": [channel] if channel else [],
        "include_image": False,
        "include_footer": False,
    }
    return Message(service=service, title=title, body=body, format=None, color=color)


def _slack_fields(sheet: Sheet) -> list[str]:
    fields = sheet.plain("fields", ())
    return [f"*{sheet.expand(each.get('title'))}*: {sheet.expand(each.get('value'))}" for each in fields]


def _color(text: str) -> str:
    return _COLORS.get(text, text if text.startswith("#") else "")


def _email(sheet: Sheet) -> Message:
    host, _, port = sheet.text("smarthost").rpartition(":")
    headers = sheet.texts("headers")
    named = {name.lower(): value for name, value in headers.items()}
    html = sheet.html("html")
    usual = "starttls" if sheet.plain("require_tls", True) else "insecure"
    mode = "ssl" if port == str(SSL_PORT) else usual
    service: dict[str, Any] = {
        "schema": "mailto" if mode == "insecure" else "mailtos",
        "host": host.strip("[]"),
        "smtp_host": host.strip("[]"),
        "port": port,
        "secure_mode": mode,
        "from_addr": sheet.text("from"),
        "targets": sheet.text("to"),
        "reply_to": named.get("reply-to"),
        "headers": {
            name: value
            for name, value in headers.items()
            if name.lower() not in ("subject", "to", "from", "reply-to")
        },
        "format": HTML if html else TEXT,
    }
    if user := sheet.text("auth_username"):
        name = "auth_password" if _has(sheet, "auth_password") else "auth_secret"
        service |= {"user": quote(user, safe=""), "password": quote(sheet.secret(name), safe="")}
    body = html or sheet.text("text")
    return Message(service=service, title=named.get("subject", ""), body=body, format=HTML if html else TEXT)


def _has(sheet: Sheet, name: str) -> bool:
    return bool(sheet.plain(name) or sheet.plain(f"{name}_file"))


def _telegram(sheet: Sheet) -> Message:
    token, chat = sheet.secret("bot_token"), str(sheet.plain("chat_id") or sheet.secret("chat_id"))
    mode = str(sheet.plain("parse_mode", ""))
    body = sheet.html("message") if mode == "HTML" else sheet.text("message")
    api = str(sheet.plain("api_url", "")).rstrip("/") or "https://api.telegram.org"
    thread, silent = sheet.plain("message_thread_id"), bool(sheet.plain("disable_notifications"))
    if api != "https://api.telegram.org":
        values: dict[str, Any] = {"chat_id": chat, "disable_notification": silent}
        values |= {"parse_mode": mode} if mode else {}
        values |= {"message_thread_id": thread} if thread else {}
        return Message(service=as_json(f"{api}/bot{token}/sendMessage", values, body="text"), body=body)
    service: dict[str, Any] = {
        "schema": "tgram",
        "bot_token": token,
        "targets": [chat],
        "detect_owner": False,
        "silent": silent,
        "topic": thread or None,
        "format": HTML,
    }
    if not mode:
        return Message(service=service, body=body, format=TEXT)
    if mode != "HTML":
        service |= {"format": MARKDOWN, "mdv": "v2" if mode == "MarkdownV2" else "v1"}
    return Message(service=service, body=body, format=None)


def _discord(sheet: Sheet) -> Message:
    url, title, body = sheet.secret("webhook_url"), sheet.text("title"), sheet.text("message")
    host, path = web_parts(url)
    color = "#2EB886" if sheet.is_resolved else "#A30200"
    if host in ("discord.com", "discordapp.com") and path[:2] == ["api", "webhooks"] and len(path) == 4:
        avatar = sheet.text("avatar_url")
        service: dict[str, Any] = {
            "schema": "discord",
            "webhook_id": path[2],
            "webhook_token": path[3],
            "format": MARKDOWN,
            "avatar": bool(avatar),
            "avatar_url": avatar or None,
            "user": quote(sheet.text("username"), safe="") or None,
        }
        return Message(service=service, title=title, body=body or title, format=None, color=color)
    return Message(service=as_json(url, {}, body="content"), body=f"**{title}**\n{body}" if title else body)


def _pagerduty(sheet: Sheet) -> Message:
    if not _has(sheet, "routing_key"):
        raise NotifyFailed("only routing_key, of the Events API v2, can be used", is_final=True)
    key = sheet.secret("routing_key")
    url = str(sheet.plain("url", "")) or "https://events.pagerduty.com/v2/enqueue"
    host, _ = web_parts(url)
    action = "resolve" if sheet.is_resolved else "trigger"
    summary, details = sheet.text("description"), sheet.tree("details")
    severity, component = sheet.text("severity"), sheet.text("component")
    source = sheet.text("source") or sheet.text("client")
    group, kind = sheet.text("group"), sheet.text("class")
    region = {"events.pagerduty.com": "us", "events.eu.pagerduty.com": "eu"}.get(host)
    if region is not None:
        service: dict[str, Any] = {
            "schema": "pagerduty",
            # Apprise wants a second key, for a header that events do without.
            "apikey": key,
            "integrationkey": key,
            "region_name": region,
            "action": action,
            "dedup": sheet.key,
            "severity": severity if severity in ("critical", "error", "warning", "info") else "error",
            "source": source or None,
            "component": component or None,
            "group": group or None,
            "class_id": kind or None,
            "click": sheet.text("client_url") or None,
            "details": details,
            "include_image": False,
        }
        return Message(service=service, body=summary)
    inner = {"summary": summary, "severity": severity or "error", "source": source or "Fleetgauge"}
    more = {"component": component, "group": group, "class": kind, "custom_details": details}
    inner_all: dict[str, Any] = {**inner, **{name: value for name, value in more.items() if value}}
    event = {"routing_key": key, "event_action": action, "dedup_key": sheet.key, "payload": inner_all}
    event |= {"client": sheet.text("client"), "client_url": sheet.text("client_url")}
    return Message(service=as_json(url, event, body=""), body=summary)


def _opsgenie(sheet: Sheet) -> Message:
    key = sheet.secret("api_key")
    api = (str(sheet.plain("api_url", "")) or "https://api.opsgenie.com/").rstrip("/")
    host, _ = web_parts(api)
    header = {"Authorization": f"GenieKey {key}"}
    source = sheet.text("source") or "Fleetgauge"
    if sheet.is_resolved:
        # Apprise closes only what it remembers to have opened itself; the alias outlives a restart.
        url = f"{api}/v2/alerts/{sheet.key}/close?identifierType=alias"
        return Message(service=as_json(url, {"source": source}, body="", headers=header), body="closed")
    title, description = sheet.text("message"), sheet.text("description")
    details, tags = sheet.tree("details"), sheet.text("tags")
    entity, priority = sheet.text("entity"), sheet.text("priority")
    responders = [_responder(sheet, each) for each in sheet.plain("responders", ())]
    region = {"api.opsgenie.com": "us", "api.eu.opsgenie.com": "eu"}.get(host)
    if region is not None:
        service: dict[str, Any] = {
            "schema": "opsgenie",
            "apikey": key,
            "region_name": region,
            "action": "new",
            "alias": sheet.key,
            "targets": [_RESPONDERS[kind] + name for kind, name in responders],
            "batch": True,
            "details": details,
            "tags": tags,
            "entity": entity or None,
            "priority": priority or None,
        }
        return Message(service=service, title=title, body=description or title)
    values: dict[str, Any] = {"alias": sheet.key, "source": source, "details": details}
    more = {"entity": entity, "priority": priority, "tags": [tag for tag in tags.split(",") if tag]}
    named = [{"type": kind, "username" if kind == "user" else "name": name} for kind, name in responders]
    values |= {name: value for name, value in {**more, "responders": named}.items() if value}
    values |= {"description": description}
    service = as_json(f"{api}/v2/alerts", values, body="message", headers=header)
    return Message(service=service, body=title)


def _responder(sheet: Sheet, each: Mapping[str, Any]) -> tuple[str, str]:
    kind = sheet.expand(each.get("type"))
    name = sheet.expand(each.get("id") or each.get("name") or each.get("username"))
    if kind not in _RESPONDERS:
        raise NotifyFailed(f"responders: there is no type {kind}", is_final=True)
    return kind, name


def _msteams(sheet: Sheet) -> Message:
    url, title, text = sheet.secret("webhook_url"), sheet.text("title"), sheet.text("text")
    host, path = web_parts(url)
    if "workflows" in path and host.endswith((".logic.azure.com", ".powerplatform.com")):
        # Apprise knows such an address as it is.
        return Message(service=url, title=title, body=text or title, format=MARKDOWN)
    card = {"@type": "MessageCard", "@context": "https://schema.org/extensions"}
    card |= {"summary": sheet.text("summary") or title}
    return Message(service=as_json(url, card, body="text", title="title"), title=title, body=text or title)


def _webex(sheet: Sheet) -> Message:
    api, body = str(sheet.plain("api_url", "")), sheet.text("message")
    token = sheet.secret("credentials", "http_config", "authorization")
    room = sheet.text("room_id")
    if api and web_parts(api)[0] != "webexapis.com":
        header = {"Authorization": f"Bearer {token}"}
        return Message(service=as_json(api, {"roomId": room}, body="markdown", headers=header), body=body)
    service = {"schema": "webex", "mode": "bot", "access_token": token, "targets": [room]}
    return Message(service=service, body=body, format=None)


def _pushover(sheet: Sheet) -> Message:
    retry_ms, expire_ms = sheet.plain("retry", 0), sheet.plain("expire", 0)
    priority = sheet.text("priority")
    service = {
        "schema": "pover",
        "user_key": sheet.secret("user_key"),
        "token": sheet.secret("token"),
        "targets": [device] if (device := sheet.text("device")) else [],
        "priority": priority or None,
        "sound": sheet.text("sound") or None,
        "supplemental_url": sheet.text("url") or None,
        "supplemental_url_title": sheet.text("url_title") or None,
        "interval": retry_ms // 1000 if priority == "2" and retry_ms else None,
        "expire": expire_ms // 1000 if priority == "2" and expire_ms else None,
        "format": HTML if sheet.plain("html") else TEXT,
    }
    return Message(service=service, title=sheet.text("title"), body=sheet.text("message"), format=None)


def _victorops(sheet: Sheet) -> Message:
    key, routing_key = sheet.secret("api_key"), sheet.text("routing_key")
    title, body = sheet.text("entity_display_name"), sheet.text("state_message")
    kind = "RECOVERY" if sheet.is_resolved else sheet.text("message_type").upper() or "CRITICAL"
    usual = "https://alert.victorops.com/integrations/generic/20131114/alert"
    api = (str(sheet.plain("api_url", "")) or usual).rstrip("/")
    if api == usual and not sheet.texts("custom_fields"):
        actions = {"RECOVERY": "recovery", "WARNING": "warning", "INFO": "info"}
        service = {"schema": "victorops", "apikey": key, "routing_key": routing_key, "entity_id": sheet.key}
        service |= {"action": actions.get(kind, "critical")}
        return Message(service=service, title=title, body=body)
    values = {"message_type": kind, "entity_id": sheet.key, "entity_display_name": title}
    values |= {"monitoring_tool": sheet.text("monitoring_tool"), **sheet.texts("custom_fields")}
    service = as_json(f"{api}/{key}/{quote(routing_key, safe='')}", values, body="state_message")
    return Message(service=service, body=body)


def _sns(sheet: Sheet) -> Message:
    sigv4 = sheet.section("sigv4")
    region, topic = str(sigv4.get("region") or ""), sheet.text("topic_arn")
    if topic:
        pieces = topic.split(":")
        region, target = region or (pieces[3] if len(pieces) > 3 else ""), pieces[-1]
    else:
        target = sheet.text("phone_number")
    if not target or not region:
        raise NotifyFailed("it needs a topic_arn or a phone_number, and a region", is_final=True)
    service = {
        "schema": "sns",
        "access_key_id": sheet.secret("access_key", "sigv4"),
        "secret_access_key": sheet.secret("secret_key", "sigv4"),
        "region_name": region,
        "targets": [target],
    }
    return Message(service=service, title=sheet.text("subject"), body=sheet.text("message"))


def _rocketchat(sheet: Sheet) -> Message:
    channel = sheet.text("channel")
    service = {
        **place(str(sheet.plain("api_url", "")) or "https://open.rocket.chat", "rocket", "rockets"),
        "user": quote(sheet.secret("token_id"), safe=""),
        "password": quote(sheet.secret("token"), safe=""),
        "mode": "token",
        "targets": [channel if channel.startswith(("#", "@")) else f"#{channel}"],
        "avatar": False,
    }
    title, text = sheet.text("title"), sheet.text("text")
    return Message(service=service, title=title, body=text or title, format=None)


def _wechat(sheet: Sheet) -> Message:
    users = [name for name in sheet.text("to_user").split("|") if name]
    parties = [f"#{name}" for name in sheet.text("to_party").split("|") if name]
    tags = [f"+{name}" for name in sheet.text("to_tag").split("|") if name]
    service = {
        "schema": "wechat",
        "corpid": sheet.text("corp_id"),
        "corpsecret": sheet.secret("api_secret"),
        "agentid": sheet.text("agent_id"),
        "targets": [*users, *parties, *tags],
    }
    return Message(service=service, body=sheet.text("message"))


def _apprise(sheet: Sheet) -> Message:
    return Message(service=sheet.secret("url"), title=sheet.text("title"), body=sheet.text("body"))


def _mattermost(sheet: Sheet) -> Message:
    title, text = sheet.text("title"), sheet.text("text")
    values = {name: sheet.text(name) for name in ("channel", "username", "icon_url", "icon_emoji")}
    filled = {name: value for name, value in values.items() if value}
    body = f"**{title}**\n{text}" if title and text else title or text
    return Message(service=as_json(sheet.secret("webhook_url"), filled, body="text"), body=body)


SERVICES: Final[Mapping[str, Callable[[Sheet], Message]]] = {
    "apprise": _apprise,
    "discord": _discord,
    "email": _email,
    "mattermost": _mattermost,
    "msteams": _msteams,
    "msteamsv2": _msteams,
    "opsgenie": _opsgenie,
    "pagerduty": _pagerduty,
    "pushover": _pushover,
    "rocketchat": _rocketchat,
    "slack": _slack,
    "sns": _sns,
    "telegram": _telegram,
    "victorops": _victorops,
    "webex": _webex,
    "wechat": _wechat,
}
"""What each kind becomes."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "apprise": ("url",),
    "discord": ("webhook_url",),
    "email": ("to", "from", "smarthost"),
    "mattermost": ("webhook_url",),
    "msteams": ("webhook_url",),
    "msteamsv2": ("webhook_url",),
    "opsgenie": ("api_key",),
    "pagerduty": ("routing_key",),
    "pushover": ("user_key", "token"),
    "rocketchat": ("token", "token_id"),
    "slack": ("api_url|app_token",),
    "telegram": ("bot_token", "chat_id"),
    "victorops": ("api_key", "routing_key"),
    "wechat": ("api_secret", "corp_id", "agent_id"),
}
"""Settings without which a kind can't send, each by itself or as `NAME_file`; of `a|b` one will do."""

TAKES_TOKEN: Final = ("webex", "slack")
"""Kinds whose own token stands in http_config.authorization."""

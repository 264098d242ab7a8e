"""Webhooks, version 4: what Alertmanager's webhook_configs do. Must not know who retries."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from alertrules.errors import NotifyFailed
from alertrules.notification import Notification
from alertrules.routing.configuration import Integration
from alertrules.templates.alertmanager import NotificationTemplates
from delivery.errors import BadTarget, NoAnswer
from delivery.retry import Answer
from delivery.transport import Target, Transport
from gateway.alerting.channels.masking import masked
from gateway.alerting.channels.payload import payload_of
from gateway.alerting.channels.reach import (
    follows_redirects,
    refuse,
    secret_of,
    target_of,
    unsupported,
)

# As Go's client has it; whoever sends in circles is stopped.
MAX_REDIRECTS: Final = 10

# These keep method and body; the others would make the message a GET without one.
_KEEP_BODY: Final = frozenset({307, 308})

# Of what a receiver says, in a reason that people read in a log line.
MAX_SAID_CHARACTERS: Final = 200

# Of an address: its last part is often a token, and many servers name the path that they do not know.
_MIN_SECRET_CHARACTERS: Final = 8


class WebhookChannel:
    """Posts the payload to an address. For many threads: each message has a connection of its own."""

    def __init__(
        self,
        integration: Integration,
        *,
        templates: NotificationTemplates,
        environment: Mapping[str, str],
        user_agent: str,
    ) -> None:
        """Check the settings; raises BadFile."""
        settings = integration.settings
        self._settings = settings
        self._templates = templates
        self._http: Mapping[str, Any] = settings.get("http_config") or {}
        self._environment = environment
        self._headers = {"Content-Type": "application/json", "User-Agent": user_agent}
        refuse(integration.name, unsupported(self._http))
        if settings.get("payload"):
            refuse(integration.name, ["payload: a body of your own is not supported"])
        if not (settings.get("url") or settings.get("url_file")):
            refuse(integration.name, ["it needs a url or a url_file"])

    def send(self, notification: Notification, *, timeout_s: float) -> None:
        """Return when it was taken; raises NotifyFailed, or TemplateError."""
        own_ms = int(self._settings.get("timeout") or 0)
        timeout_s = min(timeout_s, own_ms / 1000) if own_ms else timeout_s
        max_alerts = int(self._settings.get("max_alerts") or 0)
        body = json.dumps(payload_of(notification, max_alerts=max_alerts)).encode()
        url = secret_of(self._settings, "url")
        if "{{" in url:
            url = self._templates.expand(url, notification)
        for _ in range(MAX_REDIRECTS + 1):
            target = self._target(url, timeout_s)
            answer = self._post(target, body, timeout_s)
            if answer.status not in _KEEP_BODY or not follows_redirects(self._settings):
                return _judge(answer, (url, target.token, target.password))
            url = _moved(url, answer)
        raise NotifyFailed("it sends from one address to another without end", is_final=True)

    def _target(self, url: str, timeout_s: float) -> Target:
        try:
            return target_of(url, self._http, timeout_s=timeout_s, environment=self._environment)
        except ValueError:
            raise NotifyFailed("the address can't be understood", is_final=True) from None

    def _post(self, target: Target, body: bytes, timeout_s: float) -> Answer:
        try:
            transport = Transport(target)
        except BadTarget as error:
            raise NotifyFailed(str(error), is_final=True) from None
        try:
            return transport.post(body, self._headers, timeout_s=timeout_s)
        except NoAnswer as error:
            raise NotifyFailed(str(error), is_final=False) from None
        finally:
            transport.close()


def _moved(url: str, answer: Answer) -> str:
    """Return the new address; credentials go only to the host they are for, and never in the clear."""
    try:
        new = urljoin(url, answer.headers.get("location", ""))
        old_parts, parts = urlsplit(url), urlsplit(new)
        is_same = parts.hostname == old_parts.hostname and parts.scheme in (old_parts.scheme, "https")
    except ValueError:
        is_same = False
    if not is_same:
        raise NotifyFailed("it sends to another host or away from TLS, which is not followed", is_final=True)
    return new


def _judge(answer: Answer, secrets: Collection[str]) -> None:
    if 200 <= answer.status < 300:
        return
    said = answer.excerpt.decode(errors="replace")
    said = masked(said, secrets, shortest=_MIN_SECRET_CHARACTERS)[:MAX_SAID_CHARACTERS]
    reason = f"it answered {answer.status}" + (f": {said}" if said else "")
    raise NotifyFailed(reason, is_final=not (answer.status >= 500 or answer.status == 429))

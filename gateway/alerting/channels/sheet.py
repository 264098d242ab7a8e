"""The settings of an integration for one notification: texts expanded, secrets read and remembered.

Owns what is secret in them. Must not know any particular service.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from alertrules.errors import NotifyFailed
from alertrules.notification import Notification
from alertrules.routing.configuration import Integration
from alertrules.templates.alertmanager import NotificationTemplates
from gateway.alerting.channels.reach import secret_of


class Sheet:
    """Answers what a setting comes to."""

    def __init__(
        self, integration: Integration, templates: NotificationTemplates, notification: Notification
    ) -> None:
        self._settings = integration.settings
        self._templates = templates
        self.kind = integration.kind
        self.notification = notification
        self.secrets: list[str] = []

    @property
    def is_resolved(self) -> bool:
        """Tell whether nothing fires any more."""
        return not self.notification.firing

    @property
    def key(self) -> str:
        """The group's key as Alertmanager tells it to services: the same for firing and resolved."""
        return sha256(self.notification.group_key.encode()).hexdigest()

    def plain(self, name: str, default: Any = None) -> Any:
        """Return a setting as it is."""
        found = self._settings.get(name)
        return default if found is None else found

    def expand(self, text: object) -> str:
        """Return a text with its templates filled in; raises TemplateError."""
        written = "" if text is None else str(text)
        return self._templates.expand(written, self.notification) if "{{" in written else written

    def text(self, name: str) -> str:
        """Return a setting, expanded."""
        return self.expand(self._settings.get(name))

    def html(self, name: str) -> str:
        """Return a setting that is HTML, expanded: what comes from alerts is escaped."""
        written = str(self._settings.get(name) or "")
        return self._templates.expand_html(written, self.notification) if "{{" in written else written

    def texts(self, name: str) -> dict[str, str]:
        """Return a mapping whose values are expanded."""
        found = self._settings.get(name)
        return {key: self.expand(value) for key, value in found.items()} if isinstance(found, Mapping) else {}

    def tree(self, name: str) -> dict[str, Any]:
        """Return a mapping in which all texts, however deep, are expanded."""
        found = self._expanded(self._settings.get(name))
        return found if isinstance(found, dict) else {}

    def _expanded(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._expanded(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._expanded(each) for each in value]
        return self.expand(value) if isinstance(value, str) else value

    def section(self, *names: str) -> Mapping[str, Any]:
        """Return a mapping in mappings; an empty one when it is not there."""
        found: Mapping[str, Any] = self._settings
        for name in names:
            inner = found.get(name)
            found = inner if isinstance(inner, Mapping) else {}
        return found

    def secret(self, name: str, *sections: str) -> str:
        """Return a secret, expanded; raises NotifyFailed when there is none to read."""
        value = self.expand(secret_of(self.section(*sections), name))
        if not value:
            raise NotifyFailed(f"{name} is empty", is_final=True)
        self.secrets.append(value)
        return value

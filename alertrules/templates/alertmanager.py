"""Templates of notifications: Alertmanager's data and functions, and its default templates."""

from collections.abc import Sequence
from typing import Protocol

from alertrules.notification import Notification


class NotificationTemplates(Protocol):
    """A set of templates that can call each other."""

    def expand(self, text: str, notification: Notification) -> str:
        """Return a text expanded with Alertmanager's data of a notification; raises TemplateError."""


def make_templates(texts: Sequence[tuple[str, str]]) -> NotificationTemplates:
    """Return the default templates and those of files, (name, text) each; raises TemplateError."""
    raise NotImplementedError

"""Which way belongs to an integration."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from alertrules.errors import BadFile
from alertrules.notification import Channel
from alertrules.routing.configuration import Integration
from alertrules.templates.alertmanager import NotificationTemplates
from gateway.alerting.channels.services import SERVICES
from gateway.alerting.channels.through import AppriseChannel
from gateway.alerting.channels.webhook import WebhookChannel

WEBHOOK: Final = "webhook"


def make_channel(
    integration: Integration,
    *,
    templates: NotificationTemplates,
    user_agent: str,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Channel:
    """Return the way of an integration; raises BadFile for what it can't be used for."""
    if integration.kind == WEBHOOK:
        return WebhookChannel(
            integration, templates=templates, environment=environment, user_agent=user_agent
        )
    if integration.kind in SERVICES:
        return AppriseChannel(integration, templates=templates)
    known = ", ".join(f"{kind}_configs" for kind in sorted((WEBHOOK, *SERVICES)))
    raise BadFile([f"{integration.name}: there is no such kind of receiver here; there are {known}."])

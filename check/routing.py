"""What is wrong with a configuration of Alertmanager. Owns nothing but the way from a file to that.

Its templates are read and its ways are made, as the gateway does; nothing is sent.
"""

from pathlib import Path

from alertrules.notification import Channel
from alertrules.routing.configuration import Integration
from alertrules.routing.tree import all_routes
from alertrules.templates.alertmanager import NotificationTemplates
from gateway.alerting.channels.making import make_channel
from gateway.alerting.configuring import check_ways, read_configured
from runtime.errors import SettingsError


def checked(file: Path) -> tuple[str, tuple[str, ...]]:
    """Return what a file has, in words, and what is wrong with it; one of both is empty."""
    try:
        configured = read_configured(file)
        check_ways(configured, _made, file)
    except SettingsError as error:
        return "", tuple(str(error).splitlines())
    configuration = configured.configuration
    routes = sum(1 for _ in all_routes(configuration.route))
    ways = sum(len(receiver.integrations) for receiver in configuration.receivers.values())
    counts = {
        "receivers": len(configuration.receivers),
        "ways to them": ways,
        "routes": routes,
        "files of templates": configured.files,
    }
    return ", ".join(f"{name}: {count}" for name, count in counts.items()), ()


def _made(integration: Integration, templates: NotificationTemplates) -> Channel:
    return make_channel(integration, templates=templates, user_agent="")

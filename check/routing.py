"""What is wrong with a configuration of Alertmanager. Owns nothing but the way from a file to that."""

from pathlib import Path

from alertrules.errors import BadFile
from alertrules.notification import Channel
from alertrules.routing.configuration import Integration
from alertrules.routing.loading import load_configuration
from alertrules.routing.tree import all_routes
from alertrules.templates.alertmanager import NotificationTemplates, make_templates
from gateway.alerting.channels.making import make_channel
from gateway.alerting.service import check_channels
from runtime.documents import read_document
from runtime.errors import SettingsError


def checked(file: Path) -> tuple[str, tuple[str, ...]]:
    """Return what a file has, in words, and what is wrong with it; one of both is empty."""
    try:
        configuration = load_configuration(read_document(file), str(file))
    except BadFile as error:
        return "", error.problems
    except SettingsError as error:
        return "", tuple(str(error).splitlines())
    try:
        check_channels(configuration, make_templates([]), _channel, str(file))
    except SettingsError as error:
        return "", tuple(str(error).splitlines())
    routes = sum(1 for _ in all_routes(configuration.route))
    ways = sum(len(receiver.integrations) for receiver in configuration.receivers.values())
    return f"receivers: {len(configuration.receivers)}, ways to them: {ways}, routes: {routes}", ()


def _channel(integration: Integration, templates: NotificationTemplates) -> Channel:
    return make_channel(integration, templates=templates, user_agent="")

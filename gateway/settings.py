"""All settings of the gateway, with their defaults. The only place that says either."""

from typing import Annotated

from runtime.logs import LogFormat, LogLevel
from runtime.settings import Section
from runtime.values import Address


class GatewaySettings(Section, frozen=True, kw_only=True):
    """What one can tell the gateway."""

    listen: Annotated[Address, "Address to listen on."] = Address(host="127.0.0.1", port=9095)
    allow_anonymous: Annotated[
        bool, "Serve everyone who can connect. Needed to listen anywhere but on loopback."
    ] = False
    log_format: Annotated[LogFormat, "How a log line looks."] = "logfmt"
    log_level: Annotated[LogLevel, "Leave out log lines below this level."] = "info"

"""From settings to receivers: where each is, how it is trusted, what it gets. Opens nothing.

The gateway is a receiver of remote write like any other. It is also where snapshots and heartbeats go.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from delivery.relabel import Rule
from delivery.spool import Limits, Order
from delivery.targets import checked, host_of, path_of, proxy_of, remote_target, rules_of, trusting
from delivery.transport import Target
from exporter.sending.series import Identity
from exporter.settings import AgentSettings
from runtime.errors import SettingsError

GATEWAY: Final = "gateway"

# A name is also a directory.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\[\]-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One receiver of remote write. The rules are those for all receivers and then its own."""

    name: str
    target: Target
    rules: tuple[Rule, ...] = ()
    order: Order = "interleaved"


def gateway_target(settings: AgentSettings, path: str, environment: Mapping[str, str]) -> Target:
    """Return the target for a path of the gateway; raises SettingsError."""
    target = Target(
        url=settings.gateway.rstrip("/") + path,
        token_file=path_of(settings.token_file),
        proxy=settings.proxy or proxy_of(settings.gateway, environment),
    )
    return checked("gateway", trusting(target, settings.gateway_tls))


def receivers(settings: AgentSettings, environment: Mapping[str, str]) -> list[Receiver]:
    """Return all receivers of remote write, the gateway first; raises SettingsError."""
    shared = rules_of("write_relabel_configs", settings.write_relabel_configs)
    found = []
    if settings.gateway:
        found.append(
            Receiver(
                name=GATEWAY,
                target=gateway_target(settings, "/api/v1/write", environment),
                rules=shared,
                order=settings.spool.order,
            )
        )
    for number, block in enumerate(settings.remote_write):
        place = f"remote_write[{number}]"
        name = block.name or host_of(block.url)
        if not _NAME.fullmatch(name):
            raise SettingsError([f"{place}: give it a name of letters, digits and ._:- (up to 64)"])
        if any(name == other.name for other in found):
            raise SettingsError([f"{place}: another receiver is called {name}; give it a name of its own"])
        own = rules_of(f"{place}.write_relabel_configs", block.write_relabel_configs)
        target = remote_target(place, block, environment)
        found.append(
            Receiver(
                name=name,
                target=target,
                rules=shared + own,
                order="interleaved" if block.order == "default" else block.order,
            )
        )
    return found


def identity(settings: AgentSettings, host_name: str) -> Identity:
    """Return what all series carry."""
    labels = tuple((pair.name, pair.value) for pair in settings.label)
    return Identity(instance=settings.name or host_name, job=settings.job, labels=labels)


def limits(settings: AgentSettings) -> Limits:
    """Return what each spool may hold."""
    return Limits(bytes=settings.spool.max_size.bytes, age_ms=settings.spool.max_age.ms)

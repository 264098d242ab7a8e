"""From the settings to destinations. Opens nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from delivery.checks import name_of
from delivery.relabel import Rule
from delivery.spool import Order
from delivery.targets import remote_target, rules_of
from delivery.transport import Target
from gateway.forward.checks import blocks
from gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a destination is and what it gets, as the settings have it."""

    name: str
    target: Target
    rules: tuple[Rule, ...] = ()
    order: Order = "oldest-first"


def places(settings: GatewaySettings, environment: Mapping[str, str]) -> list[Place]:
    """Return all destinations; raises SettingsError for what the checks do not tell."""
    return [
        Place(
            name=name_of(block),
            target=remote_target(where, block, environment),
            rules=rules_of(f"{where}.write_relabel_configs", block.write_relabel_configs),
            order="oldest-first" if block.order == "default" else block.order,
        )
        for where, block in blocks(settings)
    ]

"""Alertmanager's configuration as values. Reading it is in `loading.py`, with the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alertrules.routing.intervals import TimeInterval
from timeseries.matcher import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One way of a receiver: a webhook, an address for mail …

    `settings` has every field of Alertmanager's documentation by its name there, defaults and globals filled
    in: texts (templates unexpanded), switches, numbers, durations in ms, lists, mappings. Secrets are in it
    too: never log or show it.
    """

    kind: str
    """As in `KIND_configs`: webhook, email, slack, telegram, discord, pagerduty, opsgenie, … and apprise."""
    index: int
    """Its place among those of its kind in the receiver."""
    send_resolved: bool
    settings: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """What logs and metrics call it: `webhook[0]`."""
        return f"{self.kind}[{self.index}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A name, and the ways to whoever it stands for."""

    name: str
    integrations: tuple[Integration, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A node of the routing tree; what its parent says is filled in."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] = ()
    group_by_all: bool = False
    group_wait_ms: int = 30_000
    group_interval_ms: int = 300_000
    repeat_interval_ms: int = 14_400_000
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    continues: bool = False
    routes: "tuple[Route, ...]" = ()
    key: str = ""
    """The matchers of all routes from the top to it, as Alertmanager has them: `{}/{severity="page"}`."""
    id: str = ""
    """A key that no other route has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitRule:
    """Alerts that match the source silence those that match the target and are equal in some labels."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A whole configuration."""

    route: Route
    receivers: Mapping[str, Receiver]
    inhibit_rules: tuple[InhibitRule, ...] = ()
    time_intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    """Patterns of paths; relative ones are below the configuration's directory."""
    resolve_timeout_ms: int = 300_000
    original: str = field(default="", repr=False)
    """The text without secrets, for /api/v2/status."""

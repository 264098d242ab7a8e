"""Agents as values: what they said of themselves, what people added, how they are, what happened to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from timeseries.labels import Labels

JOB: Final = "fleetgauge"
"""The job of the series about agents: the one that agents themselves send under, unless told otherwise."""


class Status(StrEnum):
    """How an agent is."""

    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    STOPPED = "stopped"

    @property
    def is_up(self) -> bool:
        """Whether the agent is there."""
        return self in (Status.ONLINE, Status.DEGRADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A host. The time is in seconds since 1970; what is not known is empty or 0."""

    hostname: str = ""
    os: str = ""
    kernel: str = ""
    arch: str = ""
    cpu_cores: int = 0
    memory_bytes: int = 0
    boot_time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an agent says when it registers; `interval_s` is how often it would like to be heard."""

    agent_id: str
    name: str
    labels: Labels = Labels()  # noqa: RUF009  # immutable
    version: str = ""
    pid: int = 0
    started_at: float = 0.0
    system: System = System()
    metrics_url: str = ""
    interval_s: float = 10.0
    collectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What an agent says in a heartbeat; `timestamp` is its own time, in seconds since 1970."""

    state: str = "running"
    pid: int = 0
    cpu_percent: float = 0.0
    memory_bytes: int = 0
    timestamp: float | None = None
    spool_bytes: int = 0
    spool_oldest_s: float = 0.0
    failing_collectors: tuple[str, ...] = ()
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What people added."""

    labels: Labels = Labels()  # noqa: RUF009  # immutable
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How an agent is. Times are in ms since 1970; `skew_s` is how far its clock is ahead of ours."""

    status: Status
    since_ms: int
    seen_ms: int
    reasons: tuple[str, ...] = ()
    skew_s: float | None = None
    is_skewed: bool = False
    vitals: Vitals | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent. It has had its name since `named_ms`; `is_local` is whether it registered from the gateway's
    own machine."""

    facts: Facts
    edits: Edits = Edits()
    life: Life
    first_ms: int
    named_ms: int
    is_local: bool = False

    @property
    def id(self) -> str:
        """What tells it from all others."""
        return self.facts.agent_id

    @property
    def name(self) -> str:
        """What people call it, and the label `instance` of its series."""
        return self.facts.name

    @property
    def labels(self) -> Labels:
        """Its own labels, and those that people added where it has none of that name."""
        return Labels({**dict(self.edits.labels), **dict(self.facts.labels)})

    @property
    def series_labels(self) -> Labels:
        """The labels of the series about it, without their names."""
        return Labels({**dict(self.labels), "instance": self.name, "job": JOB})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an agent; `status` is how it was after that."""

    id: int
    agent_id: str
    name: str
    time_ms: int
    kind: str
    status: Status
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be made durable, in this order: ids that are gone, each with a number of its removal; whole
    agents, the lives of others, events. An id that is gone may be there again."""

    removed: Mapping[str, int]
    agents: tuple[Agent, ...] = ()
    lives: Mapping[str, Life]
    events: tuple[Event, ...] = ()

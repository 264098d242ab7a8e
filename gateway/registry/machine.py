"""How the status of an agent changes: one table of what happened, and what counts as happening.

What is not in the table changes nothing. Knows neither a clock nor which agents there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.registry.model import Status, Vitals


class Signal(StrEnum):
    """What may happen to an agent."""

    REGISTERED = "registered"
    WELL = "well"
    TROUBLED = "troubled"
    GOODBYE = "goodbye"
    LATE = "late"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The status after something happened, and the kind of the event that tells of it."""

    status: Status
    event: str


ON, BAD, OFF, GONE = Status.ONLINE, Status.DEGRADED, Status.OFFLINE, Status.STOPPED

TABLE: Final[Mapping[tuple[Status | None, Signal], Transition]] = {
    (None, Signal.REGISTERED): Transition(status=ON, event="registered"),
    (ON, Signal.TROUBLED): Transition(status=BAD, event="degraded"),
    (ON, Signal.LATE): Transition(status=BAD, event="late"),
    (ON, Signal.SILENT): Transition(status=OFF, event="offline"),
    (ON, Signal.GOODBYE): Transition(status=GONE, event="stopped"),
    (BAD, Signal.WELL): Transition(status=ON, event="recovered"),
    (BAD, Signal.SILENT): Transition(status=OFF, event="offline"),
    (BAD, Signal.GOODBYE): Transition(status=GONE, event="stopped"),
    (OFF, Signal.REGISTERED): Transition(status=ON, event="returned"),
    (OFF, Signal.WELL): Transition(status=ON, event="returned"),
    (OFF, Signal.TROUBLED): Transition(status=BAD, event="returned"),
    (OFF, Signal.GOODBYE): Transition(status=GONE, event="stopped"),
    (GONE, Signal.REGISTERED): Transition(status=ON, event="started"),
    (GONE, Signal.WELL): Transition(status=ON, event="started"),
    (GONE, Signal.TROUBLED): Transition(status=BAD, event="started"),
}
"""None is an agent that is not known yet. A registration says nothing of how a degraded agent is: its next
heartbeat does."""

OTHER_EVENTS: Final = (
    "restarted", "renamed", "changed", "name_conflict", "replaced", "edited", "clock_skew", "clock_right",
)  # fmt: skip
"""The kinds of events that leave the status as it is."""

EVENTS: Final = frozenset({*(each.event for each in TABLE.values()), *OTHER_EVENTS})

MIN_INTERVAL_S: Final = 1.0
"""Agents take no shorter one."""

LATE_INTERVALS: Final = 1.5
"""One interval, missed by half."""

OFFLINE_INTERVALS: Final = 3.0
"""An agent must miss some heartbeats, not one, before it counts as offline."""

SPOOL_WAIT_S: Final = 60.0
"""A round is sent at once; what waits for so long waits for a receiver that is away."""

SKEW_S: Final = 30.0
SKEW_OVER_S: Final = 20.0
"""A clock counts as wrong from the first on, and as right again below the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When silence counts."""

    offline_after_s: float = 30.0

    def interval_s(self, asked_s: float) -> float:
        """Return how often an agent is to be heard that would like to be heard so often."""
        return max(min(asked_s, self.offline_after_s / OFFLINE_INTERVALS), MIN_INTERVAL_S)

    def signal(self, silent_s: float, asked_s: float) -> Signal | None:
        """Return what so much silence means."""
        if silent_s >= self.offline_after_s:
            return Signal.SILENT
        return Signal.LATE if silent_s >= LATE_INTERVALS * self.interval_s(asked_s) else None


def troubles(vitals: Vitals, before: Vitals | None) -> tuple[str, ...]:
    """Return what is wrong with an agent, a sentence each."""
    found = []
    if vitals.failing_collectors:
        found.append(f"failing collectors: {', '.join(vitals.failing_collectors)}")
    growing = before is not None and vitals.spool_bytes >= before.spool_bytes > 0
    if growing and vitals.spool_oldest_s >= SPOOL_WAIT_S:
        found.append(f"its spool grows: {vitals.spool_bytes} bytes, the oldest {vitals.spool_oldest_s:.0f} s")
    if vitals.last_error:
        found.append(vitals.last_error)
    elif vitals.state == "error":
        found.append("it reports an error")
    return tuple(found)


def signal_of(vitals: Vitals, reasons: tuple[str, ...]) -> Signal:
    """Return what a heartbeat means."""
    if vitals.state == "stopping":
        return Signal.GOODBYE
    return Signal.TROUBLED if reasons else Signal.WELL


def is_skewed(skew_s: float, before: bool) -> bool:
    """Tell whether a clock counts as wrong that did so before, or did not."""
    return abs(skew_s) >= (SKEW_OVER_S if before else SKEW_S)

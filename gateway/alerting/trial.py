"""Tries a receiver: a test message goes through each of its ways at once, and what comes of it is told.

Must not know routes, groups and silences: a test is about the way, not about who is told when.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from alertrules.alert import ALERT_NAME, Alert
from alertrules.errors import AlertingError
from alertrules.notification import Channel, Notification
from timeseries.labels import Labels

TEST_SECONDS: Final = 10.0
"""How long one way may take: somebody waits for the answer."""

AT_ONCE: Final = 8
"""Ways that are tried at once; no receiver of people has more."""

MAX_WAYS: Final = 32
"""Ways of a receiver that are tried at all: four rounds of ten seconds."""

LASTS_MS: Final = 300_000

_NAME: Final = "FleetgaugeTest"
_SUMMARY: Final = "This is a test of Fleetgauge. Nothing is wrong."


class UnknownReceiver(AlertingError):
    """There is no receiver of this name."""


class TrialRuns(AlertingError):
    """Another test is in work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one way; `error` is empty when the message was taken."""

    integration: str
    error: str
    seconds: float


class Trials:
    """Sends tests, one receiver at a time. For several threads."""

    def __init__(
        self,
        ways: Callable[[str], Mapping[str, Channel] | None],
        *,
        now_ms: Callable[[], int],
        stopwatch: Callable[[], float],
        external_url: str,
    ) -> None:
        """`ways` returns the ways of a receiver by their names, None when there is no such receiver."""
        self._ways = ways
        self._now_ms = now_ms
        self._stopwatch = stopwatch
        self._external_url = external_url
        self._turn = threading.Lock()

    def run(self, receiver: str) -> list[Tried]:
        """Return what came of each way; raises UnknownReceiver or TrialRuns."""
        ways = self._ways(receiver)
        if ways is None:
            raise UnknownReceiver(f'There is no receiver "{receiver}".')
        if not self._turn.acquire(blocking=False):
            raise TrialRuns("Another test is in work.")
        try:
            note = message(receiver, self._now_ms(), self._external_url)
            chosen = list(ways.items())[:MAX_WAYS]
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="test") as threads:
                return list(threads.map(lambda way: self._try(way[0], way[1], note), chosen))
        finally:
            self._turn.release()

    def _try(self, name: str, channel: Channel, note: Notification) -> Tried:
        began, error = self._stopwatch(), ""
        try:
            channel.send(note, timeout_s=TEST_SECONDS)
        except AlertingError as failure:
            error = str(failure) or "it was not taken"
        return Tried(integration=name, error=error, seconds=self._stopwatch() - began)


def message(receiver: str, now_ms: int, external_url: str) -> Notification:
    """Return what is sent: one alert that says that it is none."""
    labels = Labels({ALERT_NAME: _NAME})
    return Notification(
        receiver=receiver,
        group_key=f'{{}}:{{{ALERT_NAME}="{_NAME}"}}',
        group_labels=labels,
        alerts=(
            Alert(
                labels=labels,
                annotations=Labels({"summary": _SUMMARY}),
                starts_ms=now_ms,
                ends_ms=now_ms + LASTS_MS,
                updated_ms=now_ms,
            ),
        ),
        now_ms=now_ms,
        external_url=external_url,
        is_test=True,
    )

"""The figures of all hosts: one query a measure, however many hosts there are. Knows no agents.

What cannot be had is left out, and why is told: a host without figures is still a host.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from gateway.compare.measures import MEASURES
from gateway.query.service import Queries, Wishes
from promql.errors import QueryError
from promql.values import Steps, Vector

VALUES: Final[Mapping[str, str]] = {
    "cpu": "cpu",
    "memory": "memory_percent",
    "disk": "disk_fullest",
    "swap": "swap_percent",
    "load": "load",
    "network_rx": "network_receive",
    "network_tx": "network_transmit",
    "pressure_cpu": "pressure",
    "pressure_io": "pressure_io",
    "pressure_memory": "pressure_memory",
}
"""What is shown, and the measures that it is."""

COURSES: Final = ("cpu", "memory")
"""What has a course, too."""

_DIGITS: Final = 3
"""After the point: less than a thousandth of a percent is no news."""

Course = Sequence[float | None]
Courses = Mapping[str, Mapping[str, Course]]
"""Of each figure, the values of each host by its name."""


class Asking:
    """Asks for the figures of one answer: all its queries together have the time of one."""

    def __init__(self, queries: Queries, wishes: Wishes) -> None:
        self._queries = queries
        self._wishes = wishes
        self._took_s = 0.0

    def courses(self, names: Iterable[str], steps: Steps) -> tuple[Courses, list[str]]:
        """Return these figures of all hosts at these steps, and why some are missing."""
        found: dict[str, Mapping[str, Course]] = {}
        problems = []
        for name in names:
            try:
                found[name] = self._course(name, steps)
            except QueryError as error:
                found[name] = {}
                problems.append(f"{name}: {error}")
        return found, problems

    def _course(self, name: str, steps: Steps) -> Mapping[str, Course]:
        text = MEASURES[VALUES[name]].of_all(steps.step_ms)
        wishes = replace(self._wishes, waited_s=self._wishes.waited_s + self._took_s)
        with self._queries.range(text, steps, wishes) as timed:
            self._took_s += timed.seconds
            return _by_host(timed.answer.value)


def _by_host(value: object) -> dict[str, Course]:
    if not isinstance(value, Vector):
        return {}
    there = value.present & np.isfinite(value.values)
    rows = np.where(there, np.round(value.values, _DIGITS), np.nan).astype(object)
    rows[~there] = None
    hosts = (labels.get("instance") or "" for labels in value.labels)
    return dict(zip(hosts, rows.tolist(), strict=True))

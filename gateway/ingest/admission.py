"""Which series a sender may write: those of its agents, by their label `instance`. Knows no token."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from remotewrite.decode.names import describe
from remotewrite.decode.table import DEFAULT_CAPACITY, SeriesTable
from remotewrite.errors import SeriesRejected
from timeseries.labels import Labels

INSTANCE: Final = "instance"
"""The label that has the name of the agent."""

NOT_ADMITTED: Final = "not_admitted"

MAX_TABLES: Final = 20_000
"""As many as there may be tokens. One is 2 KiB while it is empty."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The names that a sender may write for: `key` stands for the rule, so that equal ones are one."""

    key: tuple[str, ...]
    admits: Callable[[str], bool]


EVERYTHING: Final = Admission(("*",), lambda _: True)


class Tables:
    """A table of known series for each rule, for a table answers without asking the rule again.

    All together take as much as one of the usual capacity may; then those go that were used longest ago.
    """

    def __init__(self, register: Callable[[Labels], int], capacity: int = DEFAULT_CAPACITY) -> None:
        self._register = register
        self._everything = SeriesTable(register)
        self._capacity = capacity
        self._lock = threading.Lock()
        self._tables: OrderedDict[tuple[str, ...], SeriesTable] = OrderedDict()
        self._asked = 0

    def of(self, admission: Admission) -> SeriesTable:
        """Return the table of a rule."""
        if admission.key == EVERYTHING.key:
            return self._everything
        with self._lock:
            table = self._tables.get(admission.key)
            if table is None:
                table = self._tables[admission.key] = SeriesTable(self._checked(admission), self._capacity)
            self._tables.move_to_end(admission.key)
            self._make_room()
            return table

    def forget(self) -> None:
        """Ask anew for the reference of every series."""
        self._everything.forget()
        with self._lock:
            self._tables.clear()

    def _make_room(self) -> None:
        while len(self._tables) > MAX_TABLES:
            self._tables.popitem(last=False)
        self._asked += 1
        if (
            self._asked % MAX_TABLES
        ):  # counting all of them for each request would take longer than the request
            return
        size = sum(table.size for table in self._tables.values())
        while size > self._capacity:
            size -= self._tables.popitem(last=False)[1].size

    def _checked(self, admission: Admission) -> Callable[[Labels], int]:
        def register(labels: Labels) -> int:
            instance = labels.get(INSTANCE)
            if not admission.admits(instance):
                shown = describe([(name.encode(), value.encode()) for name, value in labels])
                reason = (
                    "its instance is none that this token may write for" if instance else "it has no instance"
                )
                raise SeriesRejected(NOT_ADMITTED, f"series {shown}: {reason}")
            return self._register(labels)

        return register

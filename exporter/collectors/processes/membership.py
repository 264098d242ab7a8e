"""Which group every process is in: by its own name, else with its nearest ancestor that is in one.

Does no I/O, and must not know what is counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from exporter.collectors.processes.cgroups import ID_SHOWN, container_id, unit
from exporter.collectors.processes.grouping import Grouping
from exporter.collectors.processes.reading import Key, Look, Program, Seen
from exporter.collectors.processes.templates import Subject
from exporter.collectors.processes.threads import Identity
from runtime.values import Pattern

Label = Literal["user", "container", "unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What else a group is split by, and how the values are found."""

    user_name: Callable[[int], str]
    container_name: Callable[[str], str] = lambda container: container[:ID_SHOWN]
    """Of an id with 64 digits."""
    labels: Sequence[Label] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a process was put, and as which program; None when it is in no group."""

    program: Program
    group: str | None
    excluded: bool


class Membership:
    """Remembers where processes were put, so that each is looked at once, and a child stays when orphaned."""

    def __init__(
        self, grouping: Grouping, split: Split, *, children: bool, exclude: Pattern | None = None
    ) -> None:
        self._grouping = grouping
        self._split = split
        self._children = children
        self._exclude = exclude
        self._places: dict[Key, _Place] = {}

    def place(self, look: Look) -> dict[Key, Identity]:
        """Return the group of every process that is in one: its name, and the values of the other labels."""
        processes = [reading.seen for reading in look.readings]
        before, self._places = self._places, {}
        own: dict[Key, _Place] = {}
        for seen in processes:
            place = before.get(seen.key)
            # A process that became another program is looked at anew.
            if place is None or place.program is not seen.program:
                own[seen.key] = self._place(seen, look)
        by_pid = {seen.key.pid: seen for seen in processes} if own else {}
        for seen in processes:
            place = own.get(seen.key) or before[seen.key]
            if place.group is None and seen.key in own and self._children and not place.excluded:
                place = replace(place, group=_inherited(seen, by_pid, own, before))
            self._places[seen.key] = place
        return {
            key: (place.group, *self._labels(place.program))
            for key, place in self._places.items()
            if place.group is not None
        }

    def _place(self, seen: Seen, look: Look) -> _Place:
        subject = self._subject(seen, look)
        exclude = self._exclude
        # Without a pattern the command line need not be joined.
        excluded = bool(exclude and exclude.text) and any(
            exclude.matches(text) for text in (subject.comm, " ".join(subject.args)) if exclude
        )
        name = None if excluded else self._grouping.name(subject)
        return _Place(program=seen.program, group=name, excluded=excluded)

    def _labels(self, program: Program) -> Iterator[str]:
        for label in self._split.labels:
            if label == "user":
                yield self._split.user_name(program.uid)
            elif label == "unit":
                yield unit(program.cgroups)
            else:
                container = container_id(program.cgroups)
                yield self._split.container_name(container) if container else ""

    def _subject(self, seen: Seen, look: Look) -> Subject:
        return Subject(
            comm=seen.program.comm,
            args=seen.program.args,
            pid=seen.key.pid,
            user=self._split.user_name(seen.program.uid),
            started_s=look.boot_time_s + seen.key.started // look.ticks,
            cgroups=seen.program.cgroups,
        )


def _inherited(
    seen: Seen, by_pid: Mapping[int, Seen], own: Mapping[Key, _Place], before: Mapping[Key, _Place]
) -> str | None:
    """Walk up to the first ancestor with a group; where pids were reused while we read, it may be a ring."""
    passed = {seen.key.pid}
    parent = by_pid.get(seen.parent)
    while parent is not None and parent.key.pid not in passed:
        group = (own.get(parent.key) or before[parent.key]).group
        if group is not None:
            return group
        passed.add(parent.key.pid)
        parent = by_pid.get(parent.parent)
    return None

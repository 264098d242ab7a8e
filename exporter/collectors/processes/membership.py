"""Which group every process is in: by its own name, else with its nearest ancestor that is in one.

Does no I/O, and must not know what is counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.collectors.processes.grouping import Grouping
from exporter.collectors.processes.reading import Key, Look, Program, Seen
from exporter.collectors.processes.templates import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a process was put, and as which program; None when it is in no group."""

    program: Program
    group: str | None


class Membership:
    """Remembers where processes were put, so that each is looked at once, and a child stays when orphaned."""

    def __init__(self, grouping: Grouping, *, children: bool, user_name: Callable[[int], str]) -> None:
        self._grouping = grouping
        self._children = children
        self._user_name = user_name
        self._places: dict[Key, _Place] = {}

    def place(self, look: Look) -> dict[Key, str]:
        """Return the group of every process that is in one."""
        processes = [reading.seen for reading in look.readings]
        own: dict[Key, str | None] = {}
        for seen in processes:
            place = self._places.get(seen.key)
            # A process that became another program is looked at anew.
            if place is None or place.program is not seen.program:
                own[seen.key] = self._grouping.name(self._subject(seen, look))
        by_pid = {seen.key.pid: seen for seen in processes}
        before, self._places = self._places, {}
        for seen in processes:
            group = own[seen.key] if seen.key in own else before[seen.key].group
            if group is None and seen.key in own and self._children:
                group = _inherited(seen, by_pid, own, before)
            self._places[seen.key] = _Place(program=seen.program, group=group)
        return {key: place.group for key, place in self._places.items() if place.group is not None}

    def _subject(self, seen: Seen, look: Look) -> Subject:
        return Subject(
            comm=seen.program.comm,
            args=seen.program.args,
            pid=seen.key.pid,
            user=self._user_name(seen.program.uid),
            started_s=look.boot_time_s + seen.key.started // look.ticks,
            cgroups=seen.program.cgroups,
        )


def _inherited(
    seen: Seen, by_pid: Mapping[int, Seen], own: Mapping[Key, str | None], before: Mapping[Key, _Place]
) -> str | None:
    """Walk up to the first ancestor with a group; where pids were reused while we read, it may be a ring."""
    passed = {seen.key.pid}
    parent = by_pid.get(seen.parent)
    while parent is not None and parent.key.pid not in passed:
        group = own[parent.key] if parent.key in own else before[parent.key].group
        if group is not None:
            return group
        passed.add(parent.key.pid)
        parent = by_pid.get(parent.parent)
    return None

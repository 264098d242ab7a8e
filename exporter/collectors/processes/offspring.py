"""Processor time of children that nobody saw: born, ended and waited for between two looks.

The kernel adds what a child used, and what its own waited-for children used, to the parent that waits for it.
Of that we take off what we had seen of children that are gone: it was counted when we saw it. A tick counts
once; what a child used after we last saw it goes to whoever waited for it. ADR 52 has the argument.

Does no I/O, and must not know groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from exporter.collectors.processes.reading import Key, Reading, Seen

WAIT_LOOKS: Final = 3
"""How many looks what was seen of a child waits to be taken off.

It may be missed while a look goes on. By the next it is in its parent's time, which the one after counts.
"""

_INIT: Final = 1


class Spent(NamedTuple):
    """Ticks of processor time."""

    user: int
    system: int


class _Known(NamedTuple):
    """A process as it was at the last look."""

    key: Key
    parent: int
    own: Spent
    children: Spent


@dataclass(slots=True)
class _Debt:
    """What will come by way of a child's end, and was counted already. Valid to its last look."""

    last_look: int
    user: int
    system: int


@dataclass(slots=True)
class _Parent:
    known: _Known
    counted: Spent
    """So much of its children's time was gone through."""
    debts: list[_Debt] = field(default_factory=list)


Saved = list[list[int]]
"""For each process: pid, start, parent; two ticks each: own, children's, gone through; then its debts."""


class Offspring:
    """Remembers all processes. What children used is told one look late, when it is known which had ended."""

    def __init__(self, saved: Saved | None = None) -> None:
        self._look = 0
        self._parents: dict[Key, _Parent] = {}
        for pid, started, parent, *ticks in saved or ():
            key = Key(pid, started)
            known = _Known(key, parent, Spent(*ticks[0:2]), Spent(*ticks[2:4]))
            debts = [_Debt(*ticks[at : at + 3]) for at in range(6, len(ticks), 3)]
            self._parents[key] = _Parent(known, Spent(*ticks[4:6]), debts)

    def saved(self) -> Saved:
        """Return all that is known; looks are told from now."""
        found = []
        for parent in self._parents.values():
            known = parent.known
            debts = (
                each for one in parent.debts for each in (one.last_look - self._look, one.user, one.system)
            )
            found.append(
                [*known.key, known.parent, *known.own, *known.children, *parent.counted, *debts],
            )
        return found

    def add(self, readings: Sequence[Reading], since: float) -> dict[Key, Spent]:
        """Return what unseen children of processes used, of some that are gone now, too.

        Of what is new to us but started before `since`, in ticks since boot, earlier children are left out.
        """
        self._look += 1
        alive = {reading.seen.key: reading.seen for reading in readings}
        self._miss(alive)
        found = {}
        for key, parent in self._parents.items():
            if parent.known.children != parent.counted or parent.debts:
                spent = self._settle(parent)
                if spent != (0, 0):
                    found[key] = spent
        parents, self._parents = self._parents, {}
        for key, seen in alive.items():
            known = _known(seen)
            counted = Spent(0, 0) if key.started >= since else known.children
            parent = self._parents[key] = parents.get(key) or _Parent(known, counted)
            parent.known = known
        return found

    def _miss(self, alive: Mapping[Key, Seen]) -> None:
        """Make debts of processes that are gone. What a gone one still owed goes the same way as its time."""
        gone = [parent for key, parent in self._parents.items() if key not in alive]
        if not gone:
            return
        by_pid = {key.pid: parent for key, parent in self._parents.items()}
        last_look = self._look + WAIT_LOOKS - 1
        due: list[tuple[_Parent, _Debt]] = []
        for child in gone:
            own, children = child.known.own, child.known.children
            user, system = own.user + children.user, own.system + children.system
            if user or system:
                waiting = _waiting(child.known, by_pid, alive)
                due += [(parent, _Debt(last_look, user, system)) for parent in waiting]
            # What it has of its children's time, and was not gone through yet, pays its debts first. Others
            # may have become orphans just before they ended.
            user = sum(debt.user for debt in child.debts) + child.counted.user - children.user
            system = sum(debt.system for debt in child.debts) + child.counted.system - children.system
            if user > 0 or system > 0:
                waiting = _waiting(child.known, by_pid, {})
                due += [(parent, _Debt(last_look, max(0, user), max(0, system))) for parent in waiting]
        for parent, debt in due:
            parent.debts.append(debt)

    def _settle(self, parent: _Parent) -> Spent:
        """Go through what its children used by the last look, and return what of it nobody had counted."""
        user = parent.known.children.user - parent.counted.user
        system = parent.known.children.system - parent.counted.system
        parent.counted = parent.known.children
        for debt in parent.debts:
            paid_user, paid_system = min(user, debt.user), min(system, debt.system)
            user, system = user - paid_user, system - paid_system
            debt.user, debt.system = debt.user - paid_user, debt.system - paid_system
        parent.debts = [
            debt for debt in parent.debts if debt.last_look > self._look and (debt.user or debt.system)
        ]
        return Spent(user, system)


def _waiting(child: _Known, by_pid: Mapping[int, _Parent], alive: Mapping[Key, Seen]) -> Iterable[_Parent]:
    """Return who may have waited for it: its parent; with the parent gone, any ancestor, or init."""
    found: list[_Parent] = []
    passed = {child.key.pid}
    at = child
    while at.parent and at.parent not in passed:
        parent = by_pid.get(at.parent)
        if parent is None or parent.known.key.started > at.key.started:
            # It ended before anybody saw it. Whoever waited for it has all that it waited for.
            return by_pid.values()
        found.append(parent)
        if at is child and parent.known.key in alive:
            return found
        at = parent.known
        passed.add(at.key.pid)
    if _INIT in by_pid and _INIT not in passed:
        found.append(by_pid[_INIT])
    return found


def _known(seen: Seen) -> _Known:
    own, children = Spent(seen.user, seen.system), Spent(seen.children_user, seen.children_system)
    return _Known(seen.key, seen.parent, own, children)

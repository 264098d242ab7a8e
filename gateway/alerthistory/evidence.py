"""Evidence: the processes of a host at the moment when an alert began to fire, frozen, and in a few words.

Knows no HTTP, no SQLite and no clock.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.alerthistory.hosts import Host
from gateway.history.archive import Archive
from gateway.history.questions import ORDERS, Changes, busiest, changes
from gateway.history.shown import changed, row, told
from gateway.history.snapshot import Process, Snapshot

SINCE_MS: Final = 600_000
"""So long before an alert is looked for what changed: ten minutes."""

OLD_MS: Final = 300_000
"""A table that is older than this when an alert fires says nothing about it. Agents send four a minute."""

MOST_PROCESSES: Final = 15
"""So many of each order are frozen: who did it is among the first, and a page has room for them."""

MOST_CHANGES: Final = 10
"""So many that appeared, are gone, grew or shrank are frozen."""

_NAMED: Final = 3
"""So many of each are named in the few words: they go into a chat."""

_COMMAND: Final = 200
"""Characters of a command line that are frozen."""

_BRIEF: Final = 5
"""Processes that go into a notification."""

_BUSY: Final = 3
"""So many of them are those that use the processors most; the others hold most memory."""

_BRIEF_FIELDS: Final = ("pid", "name", "user", "container", "unit", "cpu", "rss")

Evidence = Mapping[str, Any]
"""What was frozen, ready for JSON."""


def freeze(archive: Archive, host: Host, at_ms: int) -> Evidence | None:
    """Return what ran on a host; None when nothing is known of that time. Raises StorageUnavailable."""
    now = archive.at(host.agent_id, at_ms)
    if now is None or at_ms - now.time_ms > OLD_MS:
        return None
    before = archive.at(host.agent_id, now.time_ms - SINCE_MS)
    since = before if before is not None and now.time_ms - before.time_ms <= 2 * SINCE_MS else None
    return _frozen(host, now, since)


def brief(evidence: Evidence, number: int) -> Evidence:
    """Return what of it goes into notifications; the number is that of the whole, in the history."""
    by_cpu = evidence["processes"]
    by_memory = sorted(by_cpu, key=lambda one: one["rss"] or 0, reverse=True)
    # Who holds the memory need not be busy.
    chosen = {(one["pid"], one["start"]): one for one in (*by_cpu[:_BUSY], *by_memory[:_BRIEF], *by_cpu)}
    rows = [{name: one[name] for name in _BRIEF_FIELDS} for one in [*chosen.values()][:_BRIEF]]
    return {
        "agent": evidence["agent"],
        "labels": evidence["labels"],
        "time": evidence["time"],
        "summary": evidence["summary"],
        "processes": rows,
        "history": number,
    }


def _frozen(host: Host, now: Snapshot, before: Snapshot | None) -> Mapping[str, Any]:
    # By what it used most of, each process once.
    chosen: dict[int, Process] = {}
    for order in ORDERS:
        for process in busiest(now.processes, order)[:MOST_PROCESSES]:
            chosen.setdefault(id(process), process)
    rows = [row(process) for process in busiest(chosen.values(), "cpu")]
    by_cpu = None if before is None else changes(before, now, "cpu")
    by_rss = None if before is None else changes(before, now, "rss")
    return {
        "agent": host.name,
        "labels": dict(host.labels),
        **told(now),
        "processes": [_short(one) for one in rows],
        "changes": None if before is None or by_rss is None else _changed(by_rss, before),
        "summary": _summary(now, by_cpu, by_rss),
    }


def _changed(found: Changes, before: Snapshot) -> dict[str, object]:
    parts = changed(found, before.time_ms, MOST_CHANGES)
    return {"since": before.time_ms / 1000} | {
        kind: [_short(one) for one in rows] for kind, rows in parts.items() if isinstance(rows, list)
    }


def _short(shown: dict[str, Any]) -> dict[str, Any]:
    return shown | {"command": shown["command"][:_COMMAND]}


# --- the few words ---


def _summary(now: Snapshot, by_cpu: Changes | None, by_rss: Changes | None) -> str:
    parts = [
        _list("CPU", _tops(now, "cpu", lambda process: _percent(process.cpu))),
        _list("memory", _tops(now, "rss", lambda process: _bytes(process.rss))),
    ]
    if by_cpu is not None and by_rss is not None:
        grew = [pair for pair in by_rss.grew if pair.grown("rss") >= _WORTH_BYTES]
        parts += [
            _list("new", [_who(process) for process in by_cpu.appeared if _is_worth(process)]),
            _list("gone", [_who(process) for process in by_cpu.gone if _is_worth(process)]),
            _list("grew", [f"{_who(pair.after)} +{_bytes(pair.grown('rss'))}" for pair in grew]),
        ]
    return "; ".join(filter(None, parts))


_NAMED_FROM: Final = {"cpu": 10, "rss": 1 << 20}
"""Who uses less than 1 % of a core, or 1 MiB, is not named as busy."""

_WORTH_BYTES: Final = 64 << 20
_WORTH_CPU: Final = 50
"""What is less than 64 MiB or 5 % of a core is seldom why an alert fires."""


def _is_worth(process: Process) -> bool:
    return (process.rss or 0) >= _WORTH_BYTES or (process.cpu or 0) >= _WORTH_CPU


def _tops(now: Snapshot, order: str, written: Callable[[Process], str]) -> Sequence[str]:
    measure = ORDERS[order]
    return [
        f"{_who(process)} {written(process)}"
        for process in busiest(now.processes, order)
        if (measure(process) or 0) >= _NAMED_FROM[order]
    ]


def _list(title: str, items: Sequence[str]) -> str:
    return f"{title}: {', '.join(items[:_NAMED])}" if items else ""


def _who(process: Process) -> str:
    program = process.identity.program
    place = program.container or program.unit.removesuffix(".service")
    inside = f" in {place}" if place and place != program.name else ""
    return f"{program.name}[{process.identity.pid}]{inside}"


def _percent(tenths: int | None) -> str:
    return f"{(tenths or 0) / 10:.0f} %"


def _bytes(count: int | None) -> str:
    size = float(count or 0)
    for unit in ("B", "KiB", "MiB"):
        if abs(size) < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"

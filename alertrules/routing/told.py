"""What receivers were told last about each group, and when they are to be told again.

It is Alertmanager's notification log: one entry for each group and each way of a receiver.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

KEEP_MS: Final = 432_000_000
"""120 hours, as Alertmanager has it: after that a group is as new."""

FORGET_MS: Final = 900_000
"""How often it is looked for what is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The last notification about a group by one way: fingerprints of what fired in it and what had ended."""

    group_key: str
    receiver: str
    integration: str
    firing: frozenset[str]
    resolved: frozenset[str]
    time_ms: int
    expires_ms: int

    @property
    def key(self) -> str:
        """What no other entry has."""
        return key_of(self.group_key, self.receiver, self.integration)


class Reason(StrEnum):
    """Why a receiver is told."""

    NEW = "new"
    """Nothing was told of the group."""
    FIRING = "firing"
    """Something fires that was not told."""
    RESOLVED = "resolved"
    """Something ended that was told as firing."""
    REPEAT = "repeat"
    """Nothing is new, and the repeat interval is over."""


def key_of(group_key: str, receiver: str, integration: str) -> str:
    """Return the key of an entry."""
    return f"{group_key}:{receiver}/{integration}"


def reason_to_tell(
    last: Told | None,
    firing: Set[str],
    resolved: Set[str],
    *,
    sends_resolved: bool,
    repeat_ms: int,
    now_ms: int,
) -> Reason | None:
    """Return why a receiver is to be told about a group; None: it knows all that it needs."""
    if last is None:
        return Reason.NEW if firing else None
    if not firing <= last.firing:
        return Reason.FIRING
    if not firing:
        # Whether or not the end is sent, the entry must say that nothing fires any more.
        return Reason.RESOLVED if last.firing else None
    if sends_resolved and not resolved <= last.resolved:
        return Reason.RESOLVED
    return Reason.REPEAT if last.time_ms < now_ms - repeat_ms else None


class ToldLog:
    """All entries by their keys."""

    def __init__(self, entries: Iterable[Told] = ()) -> None:
        self._entries = {entry.key: entry for entry in entries}

    def __iter__(self) -> Iterator[Told]:
        return iter(self._entries.values())

    def get(self, key: str) -> Told | None:
        """Return an entry."""
        return self._entries.get(key)

    def write(self, entry: Told) -> None:
        """Take an entry in the place of the one before."""
        self._entries[entry.key] = entry

    def forget(self, now_ms: int) -> list[str]:
        """Drop what is too old, and return its keys."""
        gone = [key for key, entry in self._entries.items() if entry.expires_ms <= now_ms]
        for key in gone:
            del self._entries[key]
        return gone

"""Memory for queries, shared by all that run at once. Knows no query."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from promql.errors import QueryError, QueryTimeout, QueryTooLarge

# A wait ends by itself so often, to see whether the time is up.
_LOOK_SECONDS: Final = 0.25


class QueryBusy(QueryError):
    """A query for which there is no memory now, because other queries have it."""


class Memory:
    """So many bytes; 0 for no limit. A query takes them as it goes, and waits when others have them."""

    def __init__(self, size: int) -> None:
        self._size = size or sys.maxsize
        self._held: dict[Share, int] = {}
        # What each of those that wait wants in addition.
        self._wanted: dict[Share, int] = {}
        self._changed = threading.Condition()

    def allow(self, size: int) -> None:
        """Change how many bytes there are; what queries hold already stays theirs."""
        with self._changed:
            self._size = size or sys.maxsize
            self._changed.notify_all()

    @contextmanager
    def share(self, remaining: Callable[[], float]) -> Iterator["Share"]:
        """Give a query its share, of nothing yet; what it holds in the end is free again."""
        share = Share(self, remaining)
        try:
            yield share
        finally:
            share.resize(0)

    def readings(self) -> dict[str, Callable[[], float]]:
        """Return what can be said of it, each to be asked when it is wanted."""
        return {"held_bytes": self._used, "waiting_for_memory": lambda: len(self._wanted)}

    def held(self, share: "Share") -> int:
        """Return what a query holds."""
        return self._held.get(share, 0)

    def resize(self, share: "Share", size: int, remaining: Callable[[], float]) -> None:
        """Let a query hold so much from now on; raises QueryTooLarge, QueryBusy, QueryTimeout."""
        with self._changed:
            more = size - self.held(share)
            if more > 0:
                self._wait(share, size, more, remaining)
            if size:
                self._held[share] = size
            else:
                self._held.pop(share, None)
            if more < 0:
                self._changed.notify_all()

    def _wait(self, share: "Share", size: int, more: int, remaining: Callable[[], float]) -> None:
        if size > self._size:
            raise QueryTooLarge(
                f"the query needs more than {self._size} bytes of memory at once (query.max_memory). "
                "Ask for fewer series, less time or larger steps"
            )
        self._wanted[share] = more
        try:
            while self._free() < more:
                if self._nobody_moves():
                    raise QueryBusy(
                        f"the queries that run hold the {self._size} bytes of memory that queries may have "
                        "(query.max_memory). Ask again later"
                    )
                if remaining() <= 0:
                    raise QueryTimeout("query timed out while it waited for memory that other queries hold")
                self._changed.wait(_LOOK_SECONDS)
        finally:
            del self._wanted[share]

    def _nobody_moves(self) -> bool:
        """Tell whether all that hold something wait, and there is too little for each of them."""
        stuck = all(share in self._wanted for share in self._held)
        return stuck and min(self._wanted.values()) > self._free()

    def _free(self) -> int:
        return self._size - self._used()

    def _used(self) -> int:
        # A copy: who only reads it does not hold the lock.
        return sum(list(self._held.values()))


class Share:
    """What one query holds."""

    def __init__(self, memory: Memory, remaining: Callable[[], float]) -> None:
        self._memory = memory
        self._remaining = remaining

    @property
    def held(self) -> int:
        """How many bytes that is."""
        return self._memory.held(self)

    def resize(self, size: int) -> None:
        """Hold so much from now on; raises QueryTooLarge, QueryBusy, QueryTimeout."""
        self._memory.resize(self, size, self._remaining)

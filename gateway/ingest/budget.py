"""Room in memory for the requests in work, shared by all threads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock
from typing import Final

from gateway.ingest.errors import Unavailable

BYTES_IN_FLIGHT: Final = 32 * 1024 * 1024
"""Decoded bytes of all requests in work: one of the largest size, or eight times as many usual ones (half a
MiB) as there are threads. A hostile body takes 16 times its size for a moment (docs/adr/0004-codec.md)."""

WAIT_SECONDS: Final = 5.0
"""How long a request waits to be the next, and then for room: it keeps a thread from other work meanwhile."""

RETRY_AFTER_S: Final = 5
"""Senders that are told to come back later should not all do so at once with the next tick."""


class Budget:
    """So many bytes. Who comes first is served first, so that small requests never starve a large one."""

    def __init__(self, size: int = BYTES_IN_FLIGHT, *, wait_s: float = WAIT_SECONDS) -> None:
        self._size = self._free = size
        self._waiting = 0
        self._wait_s = wait_s
        self._next = Lock()
        self._changed = Condition()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Hold bytes for as long as the block runs; raises Unavailable when there is no room for too long."""
        self._take(size)
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify()

    def readings(self) -> dict[str, Callable[[], float]]:
        """Return what can be said of the room, each to be asked when it is wanted."""
        return {"waiting_requests": lambda: self._waiting, "held_bytes": lambda: self._size - self._free}

    def _take(self, size: int) -> None:
        with self._changed:
            self._waiting += 1
        try:
            self._wait(size)
        finally:
            with self._changed:
                self._waiting -= 1

    def _wait(self, size: int) -> None:
        if not self._next.acquire(timeout=self._wait_s):
            raise _busy()
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._free >= size, self._wait_s):
                    raise _busy()
                self._free -= size
        finally:
            self._next.release()


def _busy() -> Unavailable:
    return Unavailable(
        "the gateway reads as many large requests as it has memory for. Send it again later, or in parts",
        retry_after_s=RETRY_AFTER_S,
    )

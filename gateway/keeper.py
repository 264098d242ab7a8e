"""The store in service: what ingest and deletion want of it, and its upkeep in a thread.

Knows no HTTP and no SQLite.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from gateway.ingest.errors import Unavailable
from gateway.storage.errors import StorageUnavailable
from gateway.storage.store import Store
from gateway.storage.upkeep import Upkeep
from remotewrite.decode.batch import Batch
from runtime.logs import Log
from timeseries.labels import Labels

# A full disk is seldom mended sooner; senders keep what they have meanwhile.
_RETRY_AFTER_S: Final = 5

_UPKEEP_SECONDS: Final = 5.0


class Shelf:
    """The store as ingest sees it (gateway.ingest.port)."""

    def __init__(
        self,
        store: Store,
        *,
        oldest_ms: Callable[[], int],
        stopwatch: Callable[[], float],
        committed: Callable[[float], None],
    ) -> None:
        self.register = store.register
        self.oldest_ms = oldest_ms
        self._store = store
        self._stopwatch = stopwatch
        self._committed = committed

    def labels(self, ref: int) -> Labels:
        """Return the labels of a registered series."""
        return self._store.index.labels(ref)

    def commit(self, batch: Batch) -> None:
        """Return when all of the batch is durable; raises Unavailable."""
        started = self._stopwatch()
        try:
            self._store.commit(batch)
        except StorageUnavailable as error:
            raise Unavailable(f"nothing can be kept: {error}", retry_after_s=_RETRY_AFTER_S) from error
        self._committed(self._stopwatch() - started)


class Timekeeper:
    """Takes the time of the steps of the upkeep that come to their end."""

    def __init__(self, stopwatch: Callable[[], float], done: Callable[[str, int, float], None]) -> None:
        self._stopwatch = stopwatch
        self._done = done

    @contextmanager
    def step(self, name: str, samples: int) -> Iterator[None]:
        """Surround a step that is about so many samples."""
        started = self._stopwatch()
        yield
        self._done(name, samples, self._stopwatch() - started)


class Eraser:
    """The store as whoever deletes sees it (gateway.http.admin)."""

    def __init__(self, store: Store, upkeep: Upkeep) -> None:
        self.delete = store.delete
        self.clean = upkeep.clean


class Chore(Protocol):
    """Something to be done again and again."""

    def run(self, now_ms: int) -> None:
        """Do what is due; raises StorageUnavailable when the disk won't have it."""
        ...


class Caretaker:
    """Does the upkeep of something, again and again, in a thread of its own."""

    def __init__(
        self, upkeep: Chore, *, now_ms: Callable[[], int], log: Log, failed: Callable[[], None]
    ) -> None:
        self._upkeep = upkeep
        self._now_ms = now_ms
        self._log = log
        self._failed = failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End after the step in work; what is not done now is done at the next start."""
        self._stop.set()
        self._thread.join(timeout)

    def _work(self) -> None:
        while not self._stop.wait(_UPKEEP_SECONDS):
            self.once()

    def once(self) -> None:
        """Do what is due. Isolation boundary: ingest and queries go on whatever fails here."""
        try:
            self._upkeep.run(self._now_ms())
        except StorageUnavailable as error:
            self._failed()
            self._log.warning("upkeep.unavailable", reason=str(error))
        except Exception as error:
            self._failed()
            self._log.error("upkeep.failed", exception=error)

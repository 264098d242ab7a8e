"""The registry in service: who is silent, the series about agents, and what is written when. A thread.

Knows no HTTP and no SQLite.
"""

import threading
from collections.abc import Callable
from typing import Final

from gateway.ingest.errors import Unavailable
from gateway.registry.registry import Registry
from gateway.registry.series import AgentSeries
from gateway.storage.errors import StorageUnavailable
from runtime.logs import Log

LOOK_SECONDS: Final = 1.0
"""How late silence may be seen."""

SERIES_MS: Final = 15_000
"""How often all series about agents get a sample: as often as agents send theirs."""

FLUSH_MS: Final = 10_000
"""How often it is written when agents were heard. What is lost with the process is said again by them."""

FORGET_MS: Final = 3_600_000
"""How often it is looked for what is old."""


class Watch:
    """Looks after the agents, again and again, in a thread of its own."""

    def __init__(
        self,
        registry: Registry,
        series: AgentSeries,
        *,
        keep_ms: Callable[[], int],
        now_ms: Callable[[], int],
        log: Log,
        failed: Callable[[], None],
    ) -> None:
        """`keep_ms` is how long events are kept, and agents that are gone."""
        self._registry = registry
        self._series = series
        self._keep_ms = keep_ms
        self._now_ms = now_ms
        self._log = log
        self._failed = failed
        self._last: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End, with all written that is known."""
        self._stop.set()
        self._thread.join(timeout)
        self._try(self._registry.flush)

    def _work(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.once()

    def once(self) -> None:
        """Do what is due."""
        now_ms = self._now_ms()
        self._try(lambda: self._registry.look(now_ms))
        self._try(lambda: self._write(now_ms))
        if self._is_due("flush", FLUSH_MS, now_ms):
            self._try(self._registry.flush)
        if self._is_due("forget", FORGET_MS, now_ms):
            self._try(lambda: self._forget(now_ms - self._keep_ms()))

    def _write(self, now_ms: int) -> None:
        moved = self._registry.take_moved()
        if self._is_due("series", SERIES_MS, now_ms):
            self._series.write(self._registry.holders(), None, now_ms)
        elif moved:
            self._series.write(self._registry.holders(), moved, now_ms)

    def _forget(self, older_than_ms: int) -> None:
        self._registry.forget_events(older_than_ms)
        for agent in self._registry.forgotten(older_than_ms):
            self._registry.remove(agent.id)
            self._log.info("agents.forgotten", agent_id=agent.id, name=agent.name)

    def _is_due(self, what: str, every_ms: int, now_ms: int) -> bool:
        last = self._last.get(what)
        if last is not None and 0 <= now_ms - last < every_ms:
            return False
        self._last[what] = now_ms
        return True

    def _try(self, step: Callable[[], None]) -> None:
        """Do a step. Isolation boundary: agents are heard, and the rest goes on, whatever fails here."""
        try:
            step()
        except (StorageUnavailable, Unavailable) as error:
            self._failed()
            self._log.warning("agents.unavailable", reason=str(error))
        except Exception as error:
            self._failed()
            self._log.error("agents.failed", exception=error)

"""Asks mount points how full they are, without waiting for those that do not answer. Knows no metric.

A network mount whose server is gone blocks whoever asks, for ever, and nobody gets that thread back. So
threads of their own ("lanes") do the asking. A path that hangs keeps its lane, is not asked again before it
answered, and counts against the most lanes there may be.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

# So long without any answer, and the rest gets another lane.
PATIENCE_SECONDS: Final = 0.25
# So many times in a row without any answer, and what is left counts as hanging.
ROUNDS: Final = 4
# So many paths may hang; beyond, paths count as failed without being asked. Each holds a thread.
MAX_LANES: Final = 16

Answer = os.statvfs_result | OSError
Ask = Callable[[str], os.statvfs_result]


class _Round:
    """What one call wants to know. Lanes of a call that ended take nothing more from it."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.waiting = deque(paths)
        self.asked: set[str] = set()
        self.answers: dict[str, Answer] = {}

    def done(self) -> bool:
        return not self.waiting and not self.asked


class Prober:
    """Asks many paths in one call, again and again; remembers which ones hang."""

    def __init__(self, ask: Ask = os.statvfs, *, patience: float = PATIENCE_SECONDS) -> None:
        self._ask = ask
        self._patience = patience
        self._changed = threading.Condition()
        self._hanging: set[str] = set()
        self._lanes = 0

    def hanging(self) -> frozenset[str]:
        """The paths that have not answered yet."""
        with self._changed:
            return frozenset(self._hanging)

    def ask(self, paths: Iterable[str]) -> dict[str, os.statvfs_result | None]:
        """What each path answers, or None where it fails or hangs."""
        distinct = list(dict.fromkeys(paths))
        with self._changed:
            current = _Round(path for path in distinct if path not in self._hanging)
            if not self._open_lane(current):
                current.waiting.clear()
            silent = 0
            while not current.done() and silent < ROUNDS:
                before = len(current.answers)
                self._changed.wait_for(partial(self._moved, current, before), self._patience)
                if len(current.answers) == before:
                    silent = silent if self._open_lane(current) else silent + 1
                else:
                    silent = 0
            current.waiting.clear()
            self._hanging |= current.asked
            return {
                path: None if isinstance(answer, OSError) else answer
                for path in distinct
                for answer in (current.answers.get(path),)
            }

    @staticmethod
    def _moved(current: _Round, before: int) -> bool:
        return len(current.answers) > before or current.done()

    def _open_lane(self, current: _Round) -> bool:
        """Start another lane if something waits and there may be one more; the caller holds the lock."""
        if not current.waiting or self._lanes >= MAX_LANES:
            return False
        self._lanes += 1
        # A daemon: a mount that hangs must not keep the agent from ending.
        threading.Thread(target=self._run, args=(current,), name="statvfs", daemon=True).start()
        return True

    def _run(self, current: _Round) -> None:
        while (path := self._next(current)) is not None:
            try:
                answer: Answer = self._ask(path)
            except OSError as error:
                answer = error
            with self._changed:
                self._hanging.discard(path)
                current.asked.discard(path)
                current.answers[path] = answer
                self._changed.notify_all()

    def _next(self, current: _Round) -> str | None:
        with self._changed:
            if not current.waiting:
                self._lanes -= 1
                return None
            path = current.waiting.popleft()
            current.asked.add(path)
            return path

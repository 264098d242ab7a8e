"""When groups are evaluated: each at its own times, in threads that they share.

Owns the times, the threads and what is missed. Knows no rules.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, Protocol

MAX_THREADS: Final = 16
"""So many groups are evaluated at once: more would only wait for each other's turn in the interpreter."""

_LOOK_SECONDS: Final = 1.0
"""The clock may be set meanwhile: nothing waits for longer without looking at it."""

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MASK: Final = (1 << 64) - 1


class Job(Protocol):
    """Something to be done at each of its times."""

    @property
    def key(self) -> str:
        """What it is called among all of them."""

    @property
    def interval_ms(self) -> int:
        """How long it is from one time to the next."""

    def run(self, time_ms: int) -> None:
        """Do it for a time. Raises nothing: what fails is for the job to tell."""

    def missed(self, times: int) -> None:
        """Hear of times at which it was not done, as it or all threads were busy."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Entry:
    job: Job
    due_ms: int
    is_gone: bool = False


@dataclass(slots=True)
class _Threads:
    """Threads that are made when they are needed, and what waits for them."""

    run: Callable[[_Entry], None]
    most: int
    changed: threading.Condition = field(default_factory=threading.Condition)
    waiting: deque[_Entry] = field(default_factory=deque)
    made: list[threading.Thread] = field(default_factory=list)
    idle: int = 0
    is_over: bool = False

    def take(self, entry: _Entry) -> None:
        """Have it run, as soon as a thread is free."""
        with self.changed:
            self.waiting.append(entry)
            self.changed.notify()
        self.grow()

    def grow(self) -> None:
        """Make a thread if too few are free; where the system has none to give, the next call tries."""
        with self.changed, suppress(RuntimeError):
            if self.idle < len(self.waiting) and len(self.made) < self.most:
                thread = threading.Thread(target=self._work, name=f"rules-{len(self.made)}", daemon=True)
                thread.start()
                self.made.append(thread)

    def end(self) -> None:
        """Begin nothing more."""
        with self.changed:
            self.is_over = True
            self.waiting.clear()
            self.changed.notify_all()

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            self.run(entry)

    def _next(self) -> _Entry | None:
        with self.changed:
            self.idle += 1
            try:
                while not self.waiting and not self.is_over:
                    self.changed.wait()
                return self.waiting.popleft() if self.waiting else None
            finally:
                self.idle -= 1


class Schedule:
    """Runs jobs at their times: none twice at once, and none waits for a slow one, but for a thread."""

    def __init__(
        self, *, now_ms: Callable[[], int], rising_s: Callable[[], float], threads: int = MAX_THREADS
    ) -> None:
        self._now_ms = now_ms
        self._rising_s = rising_s
        self._changed = threading.Condition()
        self._entries: dict[str, _Entry] = {}
        self._heap: list[tuple[int, int, _Entry]] = []
        self._count = 0
        self._seen_ms = 0
        self._is_over = False
        self._threads = _Threads(self._run, threads)
        self._thread = threading.Thread(target=self._work, name="rules", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Begin nothing more, and wait for so many seconds for what is in work."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._threads.end()
        until = self._rising_s() + timeout
        for thread in (self._thread, *self._threads.made):
            if thread.is_alive():
                thread.join(max(until - self._rising_s(), 0))

    def keep(self, jobs: Iterable[Job]) -> None:
        """Run these from now on, and no others. One that is there already keeps its time."""
        wanted = {job.key: job for job in jobs}
        with self._changed:
            for key in [key for key, entry in self._entries.items() if wanted.get(key) is not entry.job]:
                self._entries.pop(key).is_gone = True
            now_ms = self._now_ms()
            for key, job in wanted.items():
                if key not in self._entries:
                    entry = self._entries[key] = _Entry(job=job, due_ms=first_after(job, now_ms))
                    self._push(entry)
            self._changed.notify_all()

    # --- the thread that looks at the clock ---

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._is_over:
                    return
                due, wait_s = self._due(self._now_ms())
                if not due:
                    self._changed.wait(wait_s)
            for entry in due:
                self._threads.take(entry)
            self._threads.grow()

    def _due(self, now_ms: int) -> tuple[list[_Entry], float]:
        """Return what is due, and else how long to wait. What was taken off comes back when it was run."""
        if now_ms < self._seen_ms:
            self._realign(now_ms)
        self._seen_ms = now_ms
        found: list[_Entry] = []
        while self._heap and self._heap[0][0] <= now_ms:
            _, _, entry = heappop(self._heap)
            if not entry.is_gone:
                found.append(entry)
        wait_ms = self._heap[0][0] - now_ms if self._heap else _LOOK_SECONDS * 1000
        return found, min(wait_ms / 1000, _LOOK_SECONDS)

    def _realign(self, now_ms: int) -> None:
        """Give everything its next time by a clock that was set back: else it would wait for the old one."""
        entries = [entry for _, _, entry in self._heap if not entry.is_gone]
        self._heap = []
        for entry in entries:
            entry.due_ms = min(entry.due_ms, first_after(entry.job, now_ms))
            self._push(entry)

    def _push(self, entry: _Entry) -> None:
        self._count += 1
        heappush(self._heap, (entry.due_ms, self._count, entry))

    # --- the threads that work ---

    def _run(self, entry: _Entry) -> None:
        if entry.is_gone:
            return
        job, interval_ms = entry.job, entry.job.interval_ms
        # Negative where the clock was set back since.
        late = max((self._now_ms() - entry.due_ms) // interval_ms, 0)
        if late:
            job.missed(late)
        time_ms = entry.due_ms + late * interval_ms
        job.run(time_ms)
        with self._changed:
            entry.due_ms = time_ms + interval_ms
            if entry.due_ms > self._now_ms() + interval_ms:
                entry.due_ms = first_after(job, self._now_ms())
            if not entry.is_gone and not self._is_over:
                self._push(entry)
                self._changed.notify()


def first_after(job: Job, now_ms: int) -> int:
    """Return the first of a job's times that is now or later.

    They follow from its key: each has its own place in the interval, the same after every start.
    """
    offset_ms = _hash(job.key) % job.interval_ms
    return now_ms + (offset_ms - now_ms) % job.interval_ms


def _hash(text: str) -> int:
    digest = _FNV_OFFSET
    for byte in text.encode():
        digest = ((digest ^ byte) * _FNV_PRIME) & _MASK
    return digest

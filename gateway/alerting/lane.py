"""One way of a receiver: notifications wait here and are tried until they are taken, refused or too late.

Each has its own queue and threads, so that a receiver that hangs delays no other. Must not know what groups
and alerts are.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from alertrules.errors import AlertingError, NotifyFailed
from alertrules.notification import Channel
from alertrules.routing.groups import Flush, Telling
from gateway.alerting.counts import Counts
from gateway.alerting.kept import Delivery
from runtime.logs import Log

THREADS: Final = 4
"""Of one way at most: slow receivers are told of so many groups at once."""

IDLE_SECONDS: Final = 60.0
"""A thread with nothing to do ends after this: some have hundreds of receivers that are seldom told."""

MAX_WAITING: Final = 10_000
"""Notifications that wait for one way. A group has one at most, so this is the number of groups."""

ATTEMPT_SECONDS: Final = 30.0
"""How long one attempt may take: a receiver that is this slow is as good as away."""

FIRST_RETRY_SECONDS: Final = 0.5
LAST_RETRY_SECONDS: Final = 60.0
GROWTH: Final = 1.5
SPREAD: Final = 0.5
"""Waits between attempts grow from 0.5 s to a minute, each up to half more or less: as Alertmanager's do."""

MAX_ERROR: Final = 500
"""Characters of an error in the delivery log: some receivers answer with whole pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time of day, a watch that never steps, and chance from 0 to 1."""

    now_ms: Callable[[], int]
    seconds: Callable[[], float]
    chance: Callable[[], float]


@dataclass(slots=True, kw_only=True)
class Job:
    """A notification on its way."""

    flush: Flush
    telling: Telling
    until: float
    attempts: int = 0
    wait: float = FIRST_RETRY_SECONDS
    last: Delivery = field(init=False)
    is_cut_off: bool = False
    """Whether its lane was closed, which says nothing of the receiver."""


Ended = Callable[[Job, bool], None]
"""Told when a job is over, and whether the receiver took it; `job.last` is for the log."""


class Lane:
    """The queue and the threads of one way."""

    def __init__(
        self,
        receiver: str,
        kind: str,
        channel: Channel,
        *,
        clock: Clock,
        counts: Counts,
        ended: Ended,
        retrying: Callable[[Delivery], None],
        log: Log,
    ) -> None:
        self.way = (receiver, kind)
        self.channel = channel
        self._clock = clock
        self._counts = counts
        self._ended = ended
        self._retrying = retrying
        self._log = log
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Job]] = []
        self._count = 0
        self._idle = 0
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._heap)

    def offer(self, flush: Flush, telling: Telling) -> None:
        """Take a notification."""
        now = self._clock.seconds()
        left = (telling.deadline_ms - self._clock.now_ms()) / 1000
        job = Job(flush=flush, telling=telling, until=now + left)
        job.last = _delivery(job, self._clock.now_ms())
        with self._changed:
            reason = self._hindrance()
            if not reason:
                self._push(now, job)
        if reason:
            failure = "ended" if reason == "ended" else "room"
            self._end(job, failure=failure, outcome="dropped", error=_DROPPED[reason])

    def close(self) -> None:
        """Send nothing more. What waits has failed; what is being sent comes to its end."""
        with self._changed:
            self._is_closed = True
            waiting, self._heap = self._heap, []
            self._changed.notify_all()
        for _, _, job in waiting:
            self._end(job, failure="ended", outcome="dropped", error=_DROPPED["ended"])

    def join(self, timeout: float) -> None:
        """Wait for what is being sent."""
        until = self._clock.seconds() + timeout
        for thread in [*self._threads]:
            thread.join(max(0.0, until - self._clock.seconds()))

    def _hindrance(self) -> str:
        """Return why one more can't be taken; start a thread for it if none is free."""
        if self._is_closed:
            return "ended"
        if len(self._heap) >= MAX_WAITING:
            return "room"
        if len(self._heap) >= self._idle and len(self._threads) < THREADS:
            self._grow()
        return "" if self._threads else "threads"

    def _grow(self) -> None:
        thread = threading.Thread(target=self._work, name=f"notify {self.way[0]}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The system has too many: those that are there have to do.
            return
        self._threads.append(thread)

    def _push(self, at: float, job: Job) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, job))
        self._changed.notify()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._try(job)

    def _next(self) -> Job | None:
        with self._changed:
            while not self._is_closed:
                wait = self._heap[0][0] - self._clock.seconds() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._idle += 1
                is_told = self._changed.wait(IDLE_SECONDS if wait is None else wait)
                self._idle -= 1
                if not (is_told or self._heap):
                    self._threads.remove(threading.current_thread())
                    break
        return None

    def _try(self, job: Job) -> None:
        """Send it, or see that it is too late. Isolation boundary: a defect of a channel is a failure."""
        left = job.until - self._clock.seconds()
        if left <= 0:
            error = job.last.error or "the receiver was too slow for its turn to come"
            self._end(job, failure="time", outcome="failed", error=error)
            return
        job.attempts += 1
        began = self._clock.seconds()
        is_final, error = False, ""
        try:
            self.channel.send(job.telling.notification, timeout_s=min(ATTEMPT_SECONDS, left))
        except NotifyFailed as failure:
            is_final, error = failure.is_final, str(failure) or "the receiver failed"
        except AlertingError as failure:
            is_final, error = True, str(failure) or "the notification can't be made"
        except Exception as failure:
            self._counts.fail("send")
            self._log.error("notifications.defect", receiver=self.way[0], exception=failure)
            is_final, error = True, f"a defect in the gateway: {type(failure).__name__}"
        took = self._clock.seconds() - began
        self._counts.attempt(self.way, took, is_taken=not error)
        job.last = replace(_delivery(job, self._clock.now_ms()), seconds=took, error=error[:MAX_ERROR])
        if not error:
            self._end(job, failure="", outcome="sent")
        elif is_final:
            self._end(job, failure="final", outcome="failed", error=error)
        else:
            self._again(job)

    def _again(self, job: Job) -> None:
        if job.attempts == 1:
            self._retrying(replace(job.last, outcome="retrying"))
        wait = job.wait * (1 - SPREAD + 2 * SPREAD * self._clock.chance())
        job.wait = min(job.wait * GROWTH, LAST_RETRY_SECONDS)
        with self._changed:
            is_closed = self._is_closed
            if not is_closed:
                self._push(min(self._clock.seconds() + wait, job.until), job)
        if is_closed:
            self._end(job, failure="ended", outcome="dropped", error=job.last.error)

    def _end(self, job: Job, *, failure: str, outcome: str, error: str = "") -> None:
        self._counts.end(self.way, failure)
        job.is_cut_off = failure == "ended"
        job.last = replace(job.last, outcome=outcome, attempts=job.attempts, error=error[:MAX_ERROR])
        self._ended(job, not failure)


_DROPPED: Final = {
    "ended": "the gateway stopped, or its configuration changed, before it was sent",
    "room": f"{MAX_WAITING} notifications wait for this receiver already",
    "threads": "no thread could be started to send it",
}


def _delivery(job: Job, now_ms: int) -> Delivery:
    notification = job.telling.notification
    return Delivery(
        time_ms=now_ms,
        receiver=notification.receiver,
        integration=job.telling.integration.name,
        outcome="",
        reason=job.telling.reason.value,
        group_key=notification.group_key,
        alerts=len(notification.alerts),
        firing=len(notification.firing),
        attempts=job.attempts,
        seconds=0.0,
    )

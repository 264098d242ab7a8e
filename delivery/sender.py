"""Takes batches from the spool and gets them to one receiver. Reads no clock; sleeping is a parameter.

Owns what is said to a receiver, and what becomes of a batch after each answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from delivery.errors import NoAnswer
from delivery.retry import Answer, Backoff, Verdict, retry_after_s, verdict, written
from delivery.spool import Spool, Waiting
from delivery.transport import Transport
from remotewrite.compression import compress, decompress
from remotewrite.encode.downgrade import v1_from_v2
from remotewrite.errors import RemoteWriteError
from runtime.logs import Log

# With nothing to send, how long until it looks again.
IDLE_S: Final = 1.0

_HEADERS: Final = {
    2: {
        "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "2.0.0",
    },
    1: {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    },
}


class Clock(Protocol):
    """The clocks that a sender reads: the time of day for dates, one that only rises for limits."""

    def now_s(self) -> float:
        """Return the seconds since 1970."""

    def rising_s(self) -> float:
        """Return seconds that only rise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Batches and samples taken, samples refused, attempts that failed; the version."""

    batches: int = 0
    samples: int = 0
    refused: int = 0
    failures: int = 0
    version: Literal[1, 2] = 2


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends what waits, one batch at a time. For one thread."""

    spool: Spool
    transport: Transport
    clock: Clock
    backoff: Backoff
    user_agent: str
    log: Log = field(default_factory=lambda: Log("sending"))
    sent: Sent = field(default_factory=Sent)
    _failing: bool = False

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """Send until told to stop. `sleep` may return early."""
        while not stopped():
            wait_s = self.step()
            if wait_s is None or wait_s > 0:
                sleep(IDLE_S if wait_s is None else wait_s)

    def drain(self, seconds: float, sleep: Callable[[float], None]) -> bool:
        """Send all that waits within so many seconds; say whether it got that far."""
        end_s = self.clock.rising_s() + seconds
        while (left_s := end_s - self.clock.rising_s()) > 0:
            wait_s = self.step(timeout_s=left_s)
            if wait_s is None:
                return True
            if wait_s > 0:
                sleep(min(wait_s, left_s))
        return self.spool.take() is None

    def step(self, *, timeout_s: float = float("inf")) -> float | None:
        """Try one batch; return how long to wait before the next, None when nothing waits."""
        waiting = self.spool.take()
        if waiting is None:
            return None
        body = self.spool.body(waiting)
        if body is None:
            return 0.0
        if self.sent.version == 1:
            try:
                body = compress(v1_from_v2(decompress(body)))
            except RemoteWriteError as error:
                return self._refuse(waiting, 0, reason=str(error))
        try:
            answer = self.transport.post(body, self._headers(waiting), timeout_s=timeout_s)
        except NoAnswer as error:
            return self._failed(waiting, 0.0, reason=str(error))
        return self._answered(waiting, answer)

    def _headers(self, waiting: Waiting) -> dict[str, str]:
        headers = {**_HEADERS[self.sent.version], "User-Agent": self.user_agent}
        if waiting.attempts:
            headers["Retry-Attempt"] = str(waiting.attempts)
        return headers

    def _answered(self, waiting: Waiting, answer: Answer) -> float:
        match verdict(answer, version=self.sent.version):
            case Verdict.TAKEN:
                return self._taken(waiting)
            case Verdict.FALL_BACK:
                self.sent = replace(self.sent, version=1)
                self.log.info("sending.fell_back", version="1.0", status=answer.status)
                return 0.0
            case Verdict.REFUSED:
                # A receiver that refuses a part has kept the rest.
                kept = min(written(answer) or 0, waiting.samples)
                return self._refuse(waiting, kept, reason=_said(answer), status=answer.status)
            case Verdict.RETRY:
                wait_s = retry_after_s(answer, now_s=self.clock.now_s())
                return self._failed(waiting, wait_s, reason=_said(answer), status=answer.status)

    def _taken(self, waiting: Waiting) -> float:
        self.spool.done(waiting)
        self.sent = replace(
            self.sent, batches=self.sent.batches + 1, samples=self.sent.samples + waiting.samples
        )
        self.backoff.reset()
        if self._failing:
            self._failing = False
            self.log.info("sending.recovered", failures=self.sent.failures)
        return 0.0

    def _refuse(self, waiting: Waiting, kept: int, *, reason: str, status: int = 0) -> float:
        self.spool.done(waiting)
        refused = waiting.samples - kept
        self.sent = replace(self.sent, samples=self.sent.samples + kept, refused=self.sent.refused + refused)
        self.backoff.reset()
        self.log.error("sending.refused", status=status, samples=refused, reason=reason)
        return 0.0

    def _failed(self, waiting: Waiting, asked_s: float, *, reason: str, status: int = 0) -> float:
        """Leave the batch where it is. The first failure of many is logged."""
        waiting.attempts += 1
        self.sent = replace(self.sent, failures=self.sent.failures + 1)
        wait_s = self.backoff.next_s()
        if not self._failing:
            self._failing = True
            self.log.warning("sending.failed", status=status, reason=reason)
        return asked_s or wait_s


def _said(answer: Answer) -> str:
    return answer.excerpt.decode(errors="replace").strip()

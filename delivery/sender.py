"""Takes batches from the spool and gets them to one receiver. Reads no clock; sleeping is a parameter.

Owns what becomes of a batch after each answer. What is said to a receiver, and what its answers mean, is the
conversation's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from delivery.errors import NoAnswer, NotYet, Unsendable
from delivery.records import Batch
from delivery.retry import Answer, Backoff, Verdict, retry_after_s
from delivery.spool import Spool, Waiting
from delivery.transport import Transport
from runtime.logs import Log

# With nothing to send, or nothing that can be sent yet, how long until it looks again.
IDLE_S: Final = 1.0

# After an answer that says "not yet" but not when.
WAIT_S: Final = 5.0


class Conversation(Protocol):
    """How to talk to one kind of receiver. It may remember what it learns of this one."""

    def request(self, body: bytes) -> tuple[bytes, Mapping[str, str]]:
        """Make a request of a batch's body: what to post, and its headers. Raises Unsendable or NotYet."""

    def judge(self, answer: Answer) -> Verdict:
        """Say what an answer to the last request means."""

    def kept(self, answer: Answer) -> int | None:
        """Return how many samples the receiver says it kept; None when it does not say."""

    def halves(self, body: bytes) -> Sequence[Batch]:
        """Return two batches for one that is too large; none when it can't be cut."""


class Clock(Protocol):
    """The clocks that a sender reads: the time of day for dates, one that only rises for limits."""

    def now_s(self) -> float:
        """Return the seconds since 1970."""

    def rising_s(self) -> float:
        """Return seconds that only rise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Batches and samples taken, samples refused, attempts that failed; what is wrong now, if anything."""

    batches: int = 0
    samples: int = 0
    refused: int = 0
    failures: int = 0
    trouble: str = ""


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends what waits, one batch at a time. For one thread; `sent` may be read by others."""

    spool: Spool
    transport: Transport
    conversation: Conversation
    clock: Clock
    backoff: Backoff
    user_agent: str
    name: str = ""
    log: Log = field(default_factory=lambda: Log("sending"))
    sent: Sent = field(default_factory=Sent)
    _event: str = ""

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """Send until told to stop. `sleep` may return early."""
        while not stopped():
            wait_s = self.step()
            if wait_s is None or wait_s > 0:
                sleep(IDLE_S if wait_s is None else wait_s)

    def drain(self, seconds: float, sleep: Callable[[float], None]) -> bool:
        """Send all that waits within so many seconds; say whether it got that far.

        What cannot be sent yet is not waited for.
        """
        end_s = self.clock.rising_s() + seconds
        while (left_s := end_s - self.clock.rising_s()) > 0:
            try:
                wait_s = self._try(timeout_s=left_s)
            except NotYet:
                return False
            if wait_s is None:
                return True
            if wait_s > 0:
                sleep(min(wait_s, left_s))
        return self.spool.take() is None

    def step(self) -> float | None:
        """Try one batch; return how long to wait before the next, None when nothing waits."""
        try:
            return self._try()
        except NotYet:
            return IDLE_S

    def _try(self, *, timeout_s: float = float("inf")) -> float | None:
        waiting = self.spool.take()
        if waiting is None:
            return None
        body = waiting.parts[0].body if waiting.parts else self.spool.body(waiting)
        if body is None:
            return 0.0
        try:
            message, headers = self.conversation.request(body)
        except Unsendable as error:
            self._refused(waiting, 0, reason=str(error))
            return 0.0
        try:
            answer = self.transport.post(message, self._headers(headers, waiting), timeout_s=timeout_s)
        except NoAnswer as error:
            self._failed(waiting, reason=str(error))
            return self.backoff.next_s()
        return self._answered(waiting, body, answer)

    def _headers(self, headers: Mapping[str, str], waiting: Waiting) -> dict[str, str]:
        tried = {"Retry-Attempt": str(waiting.attempts)} if waiting.attempts else {}
        return {**headers, "User-Agent": self.user_agent, **tried}

    def _answered(self, waiting: Waiting, body: bytes, answer: Answer) -> float:
        asked_s = retry_after_s(answer, now_s=self.clock.now_s())
        wait_s = 0.0
        match self.conversation.judge(answer):
            case Verdict.ANEW:
                pass
            case Verdict.TAKEN:
                self._taken(waiting)
            case Verdict.WAIT:
                wait_s = asked_s or WAIT_S
            case Verdict.REFUSED:
                self._judged(waiting, answer)
            case Verdict.SPLIT if halves := self.conversation.halves(body):
                waiting.parts[:1] = halves
            case Verdict.SPLIT:
                self._judged(waiting, answer)
            case Verdict.RETRY:
                step_s = self.backoff.next_s()
                wait_s = asked_s or step_s
                self._failed(waiting, reason=_said(answer), status=answer.status)
            case Verdict.MEND:
                wait_s = asked_s or self.backoff.mend_s()
                said, status = _said(answer), answer.status
                self._failed(waiting, reason=said, status=status, event="sending.not_allowed")
        return wait_s

    def _finish(self, waiting: Waiting) -> int:
        """Be done with a batch, or with a part of it; return how many samples that is."""
        self.backoff.reset()
        samples = waiting.parts.pop(0).samples if waiting.parts else waiting.samples
        if not waiting.parts:
            self.spool.done(waiting)
        return samples

    def _taken(self, waiting: Waiting) -> None:
        samples = self._finish(waiting)
        sent = self.sent
        batches = sent.batches + (not waiting.parts)
        self.sent = replace(sent, batches=batches, samples=sent.samples + samples, trouble="")
        if self._event:
            self._event = ""
            self.log.info("sending.recovered", receiver=self.name, failures=self.sent.failures)

    def _judged(self, waiting: Waiting, answer: Answer) -> None:
        # A receiver that refuses a part has kept the rest.
        kept = self.conversation.kept(answer) or 0
        self._refused(waiting, kept, reason=_said(answer), status=answer.status)

    def _refused(self, waiting: Waiting, kept: int, *, reason: str, status: int = 0) -> None:
        samples = self._finish(waiting)
        kept = min(kept, samples)
        refused = samples - kept
        self.sent = replace(self.sent, samples=self.sent.samples + kept, refused=self.sent.refused + refused)
        self.log.error("sending.refused", receiver=self.name, status=status, samples=refused, reason=reason)

    def _failed(
        self, waiting: Waiting, *, reason: str, status: int = 0, event: str = "sending.failed"
    ) -> None:
        """Leave the batch where it is. The first failure of many is logged."""
        waiting.attempts += 1
        trouble = f"{status}: {reason}" if status else reason
        self.sent = replace(self.sent, failures=self.sent.failures + 1, trouble=trouble)
        if self._event != event:
            self._event = event
            self.log.warning(event, receiver=self.name, status=status, reason=reason)


def _said(answer: Answer) -> str:
    return answer.excerpt.decode(errors="replace").strip()

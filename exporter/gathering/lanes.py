"""Makes calls that may hang, in threads of its own. Knows no collector.

The calls are made one after the other in one thread, a lane. When that has been silent for a while, another
lane takes up the rest. A call that hangs keeps its lane, is not made again before it came back, and counts
against the most lanes there may be.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from exporter.gathering.interrupting import Interrupted, Interruptible

# So long without an answer, and the rest gets another lane.
PATIENCE_S: Final = 0.25
# So many calls may hang, each in a thread; more are not made.
MAX_LANES: Final = 16
# So much is kept of the text of an error.
MAX_ERROR_LENGTH: Final = 300

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Call(Generic[T]):
    """What to run, and for how long to wait. The same object again is the same call again."""

    run: Callable[[], T]
    timeout_s: float
    may_interrupt: bool = False
    """Whether to end it when its time is up, if it runs Python code."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no value: what was raised, or nothing came back."""

    text: str
    cause: type[BaseException] | None = None
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of a call; `made` is whether it was begun in this run."""

    result: T | Failure
    seconds: float = 0.0
    made: bool = True


@dataclass(eq=False, slots=True)
class _Running(Generic[T]):
    """A call that was begun."""

    began_s: float
    body: Interruptible[T | Failure]


class _Round(Generic[T]):
    """One run. Lanes of a run that ended take nothing more from it."""

    def __init__(self) -> None:
        self.waiting: deque[Call[T]] = deque()
        self.running: dict[Call[T], _Running[T]] = {}
        self.answers: dict[Call[T], Answer[T]] = {}

    def done(self) -> bool:
        return not self.waiting and not self.running


class Lanes(Generic[T]):
    """Makes many calls in one run, again and again; remembers which ones hang. For one run at a time."""

    def __init__(self, name: str, *, stopwatch: Callable[[], float], patience_s: float = PATIENCE_S) -> None:
        self._name = name
        self._stopwatch = stopwatch
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._hanging: dict[Call[T], _Running[T]] = {}
        self._lanes = 0

    def hanging(self) -> int:
        """How many calls have not come back although their time is up."""
        with self._changed:
            return len(self._hanging)

    def run(self, calls: Sequence[Call[T]]) -> list[Answer[T]]:
        """Make the calls. Takes at most twice the longest time-out: after the first, nothing begins."""
        last_s = self._stopwatch() + max((call.timeout_s for call in calls), default=0.0)
        with self._changed:
            current: _Round[T] = _Round()
            for call in calls:
                if call in self._hanging:
                    current.answers[call] = self._still(self._hanging[call])
                else:
                    current.waiting.append(call)
            while not current.done():
                self._changed.wait(self._advance(current, last_s))
            # A lane that hangs keeps the round: it must not keep all that came of it.
            answers, current.answers = current.answers, {}
            return [answers[call] for call in calls]

    def _advance(self, current: _Round[T], last_s: float) -> float:
        """Do what is due, and say in how many seconds there is more; the caller holds the lock."""
        now_s = self._stopwatch()
        for call, running in list(current.running.items()):
            if now_s - running.began_s >= call.timeout_s:
                self._give_up(current, call, running)
        if now_s >= last_s:
            self._refuse(current, "not started: the others took too long")
        elif self._silent_for(current, now_s) >= self._patience_s:
            self._open_lane(current)
        if not current.running:
            self._refuse(current, f"not started: {self._lanes} others hang")
        ends = [running.began_s + call.timeout_s - now_s for call, running in current.running.items()]
        if current.waiting:
            ends.append(last_s - now_s)
            if self._lanes < MAX_LANES:
                ends.append(self._patience_s - self._silent_for(current, now_s))
        return max(min(ends, default=0.0), 0.0)

    def _silent_for(self, current: _Round[T], now_s: float) -> float:
        """For how long everything that runs has been running."""
        newest_s = max((running.began_s for running in current.running.values()), default=-float("inf"))
        return now_s - newest_s

    def _give_up(self, current: _Round[T], call: Call[T], running: _Running[T]) -> None:
        del current.running[call]
        self._hanging[call] = running
        text = f"timed out after {call.timeout_s:g} s"
        current.answers[call] = Answer(Failure(text, timed_out=True), call.timeout_s)
        if call.may_interrupt:
            running.body.interrupt()

    def _still(self, running: _Running[T]) -> Answer[T]:
        seconds = self._stopwatch() - running.began_s
        return Answer(Failure(f"still running, for {seconds:.0f} s now"), seconds, made=False)

    def _refuse(self, current: _Round[T], text: str) -> None:
        for call in current.waiting:
            current.answers[call] = Answer(Failure(text), made=False)
        current.waiting.clear()

    def _open_lane(self, current: _Round[T]) -> None:
        """Start another lane if something waits and there may be one more; the caller holds the lock."""
        if self._lanes >= MAX_LANES or (first := self._next(current)) is None:
            return
        self._lanes += 1
        # A daemon: what hangs must not keep the agent from ending.
        thread = threading.Thread(target=self._lane, args=(current, *first), name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._lanes -= 1
            del current.running[first[0]]
            current.answers[first[0]] = Answer(failure(error), made=False)

    def _lane(self, current: _Round[T], call: Call[T], running: _Running[T]) -> None:
        following: tuple[Call[T], _Running[T]] | None = (call, running)
        while following is not None:
            call, running = following
            result = running.body()
            with self._changed:
                self._hanging.pop(call, None)
                if current.running.pop(call, None) is not None:
                    current.answers[call] = Answer(result, self._stopwatch() - running.began_s)
                following = self._next(current)
                self._lanes -= following is None
                self._changed.notify_all()

    def _next(self, current: _Round[T]) -> tuple[Call[T], _Running[T]] | None:
        """Begin what waits first; the caller holds the lock."""
        if not current.waiting:
            return None
        call = current.waiting.popleft()
        running = current.running[call] = _Running(self._stopwatch(), Interruptible(call.run, failure))
        return call, running


def failure(error: BaseException) -> Failure:
    """The error in one line that fits anywhere."""
    if isinstance(error, Interrupted):
        return Failure("interrupted")
    try:
        text = str(error)
    except Exception:  # isolation boundary: the text of an error is code of whoever made it
        text = "its text cannot be read"
    return Failure(one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__), type(error))


def one_line(text: str) -> str:
    """The text without breaks, not too long, and such that it can be encoded."""
    line = " ".join(text[: 10 * MAX_ERROR_LENGTH].split()).encode("utf-8", "backslashreplace").decode()
    return line if len(line) <= MAX_ERROR_LENGTH else line[: MAX_ERROR_LENGTH - 1] + "…"

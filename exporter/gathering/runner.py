"""Runs the collectors that are wanted, and remembers how they fared. Knows no format and no host."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from exporter.families import Family
from exporter.gathering.collector import Collector, Outcome
from exporter.gathering.families import Counts, apart, checked
from exporter.gathering.lanes import Answer, Call, Failure, Lanes
from runtime.logs import Log

# Two gathers in a row before one that waits: a Prometheus pair, and the agent itself.
WAITS: Final = 2
# A user's collector that had to be interrupted rests so long. Else every scrape took as long as its time-out.
REST_S: Final = 60.0


@dataclass(slots=True, eq=False)
class _State:
    """A collector, and what is known of it. Written by the one gather that runs."""

    collector: Collector
    call: Call[list[Family]]
    last: Outcome
    due_s: float = -float("inf")
    error: str = ""
    counts: Counts = field(default_factory=Counts)


class Runner:
    """Runs collectors, each isolated from the others. For several threads; they take turns."""

    def __init__(
        self, collectors: Sequence[Collector], *, stopwatch: Callable[[], float], log: Log | None = None
    ) -> None:
        self._stopwatch = stopwatch
        self._log = log or Log("collecting")
        self._lanes: Lanes[list[Family]] = Lanes("collector", stopwatch=stopwatch)
        self._turn = threading.Lock()
        self._states: dict[str, _State] = {}
        self.replace(collectors)

    def replace(self, collectors: Sequence[Collector]) -> None:
        """Run these from now on. What is known of the same object stays; a name keeps its counts."""
        before = self._states
        states = {}
        for collector in collectors:
            known = before.get(collector.name)
            if known is None or known.collector is not collector:
                call = Call(partial(_families, collector), collector.timeout_s, bool(collector.source))
                made = _State(collector, call, Outcome(collector=collector.name))
                if known:
                    made.counts, made.error = known.counts, known.error
                known = made
            states[collector.name] = known
        if len(states) < len(collectors):
            raise ValueError("two collectors have the same name")
        self._states = states

    def names(self) -> list[str]:
        """The names of the collectors, in the order in which they run."""
        return list(self._states)

    def collectors(self) -> list[Collector]:
        """The collectors, in the order in which they run."""
        return [state.collector for state in self._states.values()]

    def failing(self) -> Mapping[str, str]:
        """What was wrong with the last run of each collector whose last run failed."""
        return {name: state.error for name, state in self._states.items() if state.error}

    def counts(self) -> Mapping[str, Counts]:
        """How often each collector ran and failed."""
        return {name: state.counts for name, state in self._states.items()}

    def gather(self, wanted: Callable[[str], bool]) -> list[Outcome]:
        """Run those whose name is wanted, and are due. Whoever comes meanwhile waits, but not for ever."""
        longest_s = max((state.collector.timeout_s for state in self._states.values()), default=0.0)
        if not self._turn.acquire(timeout=WAITS * 2 * longest_s):
            text = "not started: others are being answered"
            return [Outcome(collector=name, error=text) for name in self._states if wanted(name)]
        try:
            return self._gather([state for name, state in self._states.items() if wanted(name)])
        finally:
            self._turn.release()

    def _gather(self, states: Sequence[_State]) -> list[Outcome]:
        now_s = self._stopwatch()
        due = [state for state in states if now_s >= state.due_s]
        answers = dict(zip(due, self._lanes.run([state.call for state in due]), strict=True))
        for state, answer in answers.items():
            state.last = _outcome(state.collector, answer)
            state.due_s = now_s + _pause_s(state.collector, answer)
        outcomes = apart(state.last for state in states)
        for state, outcome in zip(states, outcomes, strict=True):
            if state in answers:
                state.counts = _counted(state.counts, outcome, answers[state])
            self._tell(state, outcome.error)
        return outcomes

    def _tell(self, state: _State, error: str) -> None:
        """Log when a collector begins to fail, and when it does not any more."""
        if error and not state.error:
            self._log.warning("collector.failed", collector=state.collector.name, error=error)
        elif state.error and not error:
            self._log.info("collector.recovered", collector=state.collector.name)
        state.error = error


def _families(collector: Collector) -> list[Family]:
    """Everything the collector has, so that nothing of it runs later."""
    return checked(collector.gather()) if collector.source else list(collector.gather())


def _outcome(collector: Collector, answer: Answer[list[Family]]) -> Outcome:
    made = Outcome(collector=collector.name, seconds=answer.seconds)
    if not isinstance(answer.result, Failure):
        return replace(made, families=answer.result)
    cause = answer.result.cause
    if cause and issubclass(cause, FileNotFoundError) and not collector.source:
        return replace(made, absent=True)
    return replace(made, error=answer.result.text)


def _pause_s(collector: Collector, answer: Answer[list[Family]]) -> float:
    """How long what came of it is good for."""
    if not answer.made:
        return 0.0
    interrupted = isinstance(answer.result, Failure) and answer.result.timed_out and collector.source
    return max(collector.interval_s, REST_S) if interrupted else collector.interval_s


def _counted(counts: Counts, outcome: Outcome, answer: Answer[list[Family]]) -> Counts:
    timed_out = isinstance(answer.result, Failure) and answer.result.timed_out
    return Counts(
        runs=counts.runs + 1,
        failures=counts.failures + bool(outcome.error),
        timeouts=counts.timeouts + timed_out,
    )

"""Parts of the agent that run beside each other, each in a thread of its own, until they are told to stop.

Owns starting, replacing and stopping them. Must not know what they do.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, Protocol, TypeVar

from runtime.logs import Log

# A part that failed by a defect is tried again after this.
AGAIN_S: Final = 10.0


class Part(Protocol):
    """Something with work of its own."""

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """Work until told to stop, and end in good order. `sleep` returns early then."""


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Generic[P]):
    """A part that shall run. It is made anew when `made_of` is not what it was."""

    made_of: object
    make: Callable[[], P]


@dataclass(slots=True, kw_only=True, eq=False)
class _Running(Generic[P]):
    part: P
    made_of: object
    stop: threading.Event
    thread: threading.Thread


class Parts(Generic[P]):
    """The parts that run, by name. One thread starts and stops them; all may look."""

    def __init__(self, *, clock: Callable[[], float], log: Log) -> None:
        """`clock` is any that only rises."""
        self._clock = clock
        self._log = log
        self._running: dict[str, _Running[P]] = {}

    def all(self) -> dict[str, P]:
        """The parts that run now."""
        return {name: running.part for name, running in self._running.items()}

    def replace(self, wanted: Mapping[str, Wanted[P]], *, seconds: float) -> None:
        """Stop what is not wanted any more or is to be made of something else, and start what is missing."""
        running = dict(self._running)
        gone = [
            name for name, one in running.items() if name not in wanted or wanted[name].made_of != one.made_of
        ]
        self._end((running.pop(name) for name in gone), seconds)
        for name, one in wanted.items():
            if name not in running:
                running[name] = self._start(name, one)
        self._running = running

    def stop(self, seconds: float) -> None:
        """Stop all, and wait for them no longer than this."""
        self._end(self._running.values(), seconds)

    def _start(self, name: str, wanted: Wanted[P]) -> _Running[P]:
        part, stop = wanted.make(), threading.Event()
        work = partial(self._keep_running, name, part, stop)
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return _Running(part=part, made_of=wanted.made_of, stop=stop, thread=thread)

    def _keep_running(self, name: str, part: Part, stop: threading.Event) -> None:
        """Run a part, again after a defect: it is not to take others down, nor to be missing for ever."""

        def sleep(seconds: float) -> None:
            stop.wait(seconds)

        while True:
            try:
                part.run(stop.is_set, sleep)
                return
            except Exception as error:
                self._log.error("agent.part_failed", part=name, exception=error)
            if stop.wait(AGAIN_S):
                return

    def _end(self, ending: Iterable[_Running[P]], seconds: float) -> None:
        """Tell all of them before waiting for the first: they end beside each other."""
        ending = list(ending)
        for running in ending:
            running.stop.set()
        end_s = self._clock() + seconds
        for running in ending:
            running.thread.join(max(end_s - self._clock(), 0.0))

"""Collects for the receivers, again and again, whoever else scrapes the agent. Must not know who they are.

Rounds are at whole intervals, each host at its own place in them, so that a fleet does not send in one moment
and a host's samples keep their distance over restarts.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from delivery.sender import Clock
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Times at which rounds are, in ms since 1970."""

    interval_ms: int
    offset_ms: int = 0

    def next_ms(self, now_ms: int) -> int:
        """Return the first time after now."""
        passed = (now_ms - self.offset_ms) // self.interval_ms
        return (passed + 1) * self.interval_ms + self.offset_ms


def rhythm(interval_ms: int, name: str) -> Rhythm:
    """Return the rhythm of the host with this name: the same whenever it starts."""
    return Rhythm(interval_ms=interval_ms, offset_ms=zlib.crc32(name.encode()) % interval_ms)


LOOK_S: Final = 5.0
"""So often it looks at the clock, which may be set, and at its rhythm, which may be replaced."""


class Taker(Protocol):
    """Takes what a round gathered."""

    def take(self, families: Iterable[Family], *, time_ms: int, seconds: float) -> None:
        """Take it; never wait for a network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Rounds until now, those left out, and when the last one ended and how long it took."""

    rounds: int = 0
    missed: int = 0
    ended_s: float
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class Rounds:
    """One thread's work; `done` may be read by others, and `rhythm` be replaced."""

    rhythm: Rhythm
    clock: Clock
    gather: Callable[[], Sequence[Family]]
    takers: Callable[[], Iterable[Taker]]
    done: Done = field(init=False)

    def __post_init__(self) -> None:
        self.done = Done(ended_s=self.clock.rising_s())

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """Have a round now and then at each time of the rhythm, until told to stop."""
        due_ms = self._now_ms()
        while not stopped():
            rhythm, now_ms = self.rhythm, self._now_ms()
            if now_ms < due_ms:
                sleep(min((due_ms - now_ms) / 1000, LOOK_S))
                due_ms = min(due_ms, self.rhythm.next_ms(self._now_ms()))
                continue
            time_ms = max(due_ms, rhythm.next_ms(now_ms) - rhythm.interval_ms)
            missed = (time_ms - due_ms) // rhythm.interval_ms
            self.done = replace(self.done, missed=self.done.missed + missed)
            self._round(time_ms)
            due_ms = rhythm.next_ms(time_ms)

    def _round(self, time_ms: int) -> None:
        began_s = self.clock.rising_s()
        families = self.gather()
        seconds = self.clock.rising_s() - began_s
        for taker in self.takers():
            taker.take(families, time_ms=time_ms, seconds=seconds)
        ended_s = self.clock.rising_s()
        self.done = replace(
            self.done, rounds=self.done.rounds + 1, ended_s=ended_s, seconds=ended_s - began_s
        )

    def _now_ms(self) -> int:
        return int(self.clock.now_s() * 1000)

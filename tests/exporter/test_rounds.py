"""Rounds are at whole intervals, whatever the clock does; one that takes long costs the next ones only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.families import Family
from exporter.rounds import Rhythm, Rounds, rhythm

MINUTE = 60_000


@dataclass(slots=True)
class World:
    """A clock that sleeping moves, and what was taken at which time."""

    now_ms: int
    taken: list[int] = field(default_factory=list)
    costs_ms: list[int] = field(default_factory=list)
    jumps_ms: list[int] = field(default_factory=list)
    _rising_ms: int = 0

    def now_s(self) -> float:
        return self.now_ms / 1000

    def rising_s(self) -> float:
        return self._rising_ms / 1000

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self._pass(round(seconds * 1000))
        if self.jumps_ms:
            self.now_ms += self.jumps_ms.pop(0)

    def gather(self) -> list[Family]:
        self._pass(self.costs_ms.pop(0) if self.costs_ms else 1)
        return []

    def take(self, families: Iterable[Family], *, time_ms: int, seconds: float) -> None:  # noqa: ARG002
        self.taken.append(time_ms)

    def stopped_after(self, rounds: int) -> Callable[[], bool]:
        return lambda: len(self.taken) >= rounds

    def _pass(self, ms: int) -> None:
        self.now_ms += ms
        self._rising_ms += ms


def rounds(world: World, beat: Rhythm) -> Rounds:
    return Rounds(rhythm=beat, clock=world, gather=world.gather, takers=lambda: [world])


@given(st.integers(0, 10**13), st.integers(1000, 10**7), st.text(max_size=20))
def test_the_next_time_is_the_first_one_after_now(now_ms: int, interval_ms: int, name: str) -> None:
    beat = rhythm(interval_ms, name)
    following = beat.next_ms(now_ms)
    assert now_ms < following <= now_ms + interval_ms
    assert beat.next_ms(following) == following + interval_ms
    assert beat.next_ms(following - 1) == following


def test_the_first_round_is_at_once_and_the_others_at_whole_intervals() -> None:
    world = World(now_ms=90_500)
    running = rounds(world, Rhythm(interval_ms=MINUTE, offset_ms=5000))
    running.run(world.stopped_after(3), world.sleep)
    assert world.taken == [90_500, 125_000, 185_000]
    assert (running.done.rounds, running.done.missed) == (3, 0)


def test_a_round_that_takes_long_costs_the_rounds_that_were_due_meanwhile() -> None:
    world = World(now_ms=0, costs_ms=[1, 150_000])
    running = rounds(world, Rhythm(interval_ms=MINUTE))
    running.run(world.stopped_after(4), world.sleep)
    assert world.taken == [0, 60_000, 180_000, 240_000]
    assert running.done.missed == 1


@pytest.mark.parametrize("jump_ms", [-3_600_000, -1, 1, 3_600_000])
def test_a_clock_that_jumps_stops_nothing(jump_ms: int) -> None:
    world = World(now_ms=10_000_000, jumps_ms=[0, jump_ms])
    rounds(world, Rhythm(interval_ms=MINUTE)).run(world.stopped_after(6), world.sleep)
    last = world.taken[-3:]
    assert [late - early for early, late in pairwise(last)] == [MINUTE, MINUTE]
    assert world.now_ms - last[-1] < MINUTE
    assert all(time_ms % MINUTE == 0 for time_ms in last)


def test_a_new_rhythm_counts_from_the_next_look_on() -> None:
    world = World(now_ms=0)
    running = rounds(world, Rhythm(interval_ms=MINUTE))

    def change(seconds: float) -> None:
        world.sleep(seconds)
        running.rhythm = Rhythm(interval_ms=1000)

    running.run(world.stopped_after(4), change)
    assert world.taken == [0, 6_000, 7_000, 8_000]

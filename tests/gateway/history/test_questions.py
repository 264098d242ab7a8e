"""Questions are answered as somebody would who looks at every snapshot by himself."""

from statistics import fmean

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.history.chunk import decode, encode
from gateway.history.questions import (
    MAX_POINTS,
    SAME_START_MS,
    Chosen,
    Pair,
    busiest,
    changes,
    history,
)
from gateway.history.snapshot import Process, Snapshot
from tests.gateway.history.snapshots import START_MS, process, snapshot, snapshots

several = st.lists(
    snapshots(st.integers(0, 40).map(lambda at: START_MS + at * 5_000)),
    max_size=6,
    unique_by=lambda one: one.time_ms,
).map(lambda found: sorted(found, key=lambda one: one.time_ms))
choices = st.builds(Chosen, name=st.sampled_from(("postgres", "nginx", ""))) | st.builds(
    Chosen, pid=st.integers(1, 6), start_ms=st.just(START_MS - 4_500)
)


def meant(chosen: Chosen, one: Process) -> bool:
    if chosen.pid is None:
        return one.identity.program.name == chosen.name
    near = abs(one.identity.start_ms - chosen.start_ms) <= SAME_START_MS
    return one.identity.pid == chosen.pid and near


def total(found: list[Process], name: str) -> int | None:
    known = [value for one in found if (value := getattr(one, name)) is not None]
    return sum(known) if known else None


@settings(deadline=None, max_examples=60)
@given(several, choices, st.sampled_from((0, 20_000)), st.integers(1, 6))
def test_a_history_is_what_the_snapshots_say(
    found: list[Snapshot], chosen: Chosen, step_ms: int, cut: int
) -> None:
    # The last piece begins with what the one before ended with.
    pieces = [piece for piece in (found[:cut], found[cut - 1 :]) if piece]
    end_ms = START_MS + 150_000
    told = history((decode(encode(piece)) for piece in pieces), chosen, START_MS, end_ms, step_ms)
    rows = [
        (one.time_ms, [each for each in one.processes if meant(chosen, each)])
        for one in found
        if one.time_ms <= end_ms
    ]
    seen = [at for at, (_, some) in enumerate(rows) if some]
    rows = rows[seen[0] : seen[-1] + 1] if seen else []
    groups: dict[int, list[tuple[int, list[Process]]]] = {}
    for time_ms, some in rows:
        groups.setdefault(time_ms // step_ms if step_ms else time_ms, []).append((time_ms, some))
    assert len(told.points) == len(groups)
    for point, group in zip(told.points, groups.values(), strict=True):
        assert (point.time_ms, point.snapshots) == (group[-1][0], len(group))
        assert point.processes == max(len(some) for _, some in group)
        for name in ("cpu", "rss", "read", "write"):
            known = [value for _, some in group if (value := total(some, name)) is not None]
            assert getattr(point, name) == (fmean(known) if known else None)
        cpus = [value for _, some in group if (value := total(some, "cpu")) is not None]
        assert point.cpu_max == max(cpus, default=None)
    lives = {each.identity for _, some in rows for each in some}
    assert {life.identity for life in told.lives} == lives
    for life in told.lives:
        times = [time for time, some in rows if any(each.identity == life.identity for each in some)]
        assert (life.first_ms, life.last_ms) == (times[0], times[-1])


def test_a_long_history_is_drawn_in_few_points() -> None:
    found = [snapshot(START_MS + at * 15_000, process(1, at % 7)) for at in range(5_000)]
    told = history([decode(encode(found))], Chosen(pid=1, start_ms=START_MS - 1), 0, 1 << 60)
    assert MAX_POINTS / 2 < len(told.points) <= MAX_POINTS + 1
    assert sum(point.snapshots for point in told.points) == 5_000
    assert told.points[-1].time_ms == found[-1].time_ms


def test_what_changed_names_what_came_went_grew_and_shrank() -> None:
    before = snapshot(START_MS, process(1, 10), process(2, 50), process(3, 7), process(4))
    again = process(4, 3, start_ms=START_MS + 9_000)
    restarted_agent = process(3, 700, start_ms=START_MS - 3 + 1000)
    after = snapshot(START_MS + 1, process(2, 20), restarted_agent, again, process(5, 1))
    told = changes(before, after, "cpu")
    assert [one.identity.pid for one in told.appeared] == [4, 5]
    assert [one.identity.pid for one in told.gone] == [1, 4]
    assert told.grew == [Pair(before=process(3, 7), after=restarted_agent)]
    assert told.shrank == [Pair(before=process(2, 50), after=process(2, 20))]
    assert told.shrank[0].grown("cpu") == -30


def test_the_busiest_come_first_and_those_unknown_last() -> None:
    found = [process(1, 5, 9), process(2, None, 10, read=4), process(3, 7, 8, write=3)]
    assert [one.identity.pid for one in busiest(found, "cpu")] == [3, 1, 2]
    assert [one.identity.pid for one in busiest(found, "rss")] == [2, 1, 3]
    assert [one.identity.pid for one in busiest(found, "io")] == [2, 3, 1]

"""When alerts fire, by arrays: the same as a step at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alertrules.backtest.firing import Firings, Runs, firings_of
from alertrules.backtest.trial import Firing
from tests.alertrules.backtest.naive import firings
from timeseries.labels import Labels

MINUTE = 60_000


def _fired(present: list[list[bool]], times: list[int], for_ms: int, keep_ms: int, cut: int) -> Firings:
    matrix = np.array(present, np.bool_).reshape(len(present), len(times))
    values = np.arange(matrix.size, dtype=np.float64).reshape(matrix.shape)
    alerts = np.arange(len(present))
    some = [
        Runs.of(alerts, matrix[:, :cut], values[:, :cut], 0),
        Runs.of(alerts, matrix[:, cut:], values[:, cut:], cut),
    ]
    return firings_of(Runs.joined(some), np.array(times, np.int64), for_ms, keep_ms)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[list[bool]], list[int], int, int, int]:
    count = draw(st.integers(1, 30))
    gaps = draw(st.lists(st.sampled_from((1, 1, 1, 2, 5)), min_size=count, max_size=count))
    times = [MINUTE * sum(gaps[: at + 1]) for at in range(count)]
    row = st.lists(st.booleans(), min_size=count, max_size=count)
    present = draw(st.lists(row, min_size=1, max_size=3))
    lengths = st.integers(0, 8).map(lambda minutes: minutes * MINUTE // 2)
    return present, times, draw(lengths), draw(lengths), draw(st.integers(0, count))


@given(_cases())
def test_arrays_come_to_the_same_as_a_step_at_a_time(
    case: tuple[list[list[bool]], list[int], int, int, int],
) -> None:
    present, times, for_ms, keep_ms, cut = case
    found = _fired(present, times, for_ms, keep_ms, cut)
    names = [Labels({"row": str(row)}) for row in range(len(present))]

    def here(now: int) -> dict[Labels, float]:
        at = times.index(now)
        return {names[row]: float(row * len(times) + at) for row in range(len(present)) if present[row][at]}

    expected = firings(here, times, for_ms, keep_ms)
    got: dict[Labels, list[Firing]] = {}
    for alert, active, fired, ended, value in zip(
        *(each.tolist() for each in (found.alerts, found.active, found.fired, found.ended, found.values)),
        strict=True,
    ):
        got.setdefault(names[alert], []).append(
            Firing(
                active_ms=times[active],
                fired_ms=times[fired],
                ended_ms=times[ended] if ended < len(times) else None,
                value=value,
            )
        )
    assert got == expected


def test_an_alert_that_comes_back_while_it_is_kept_firing_is_the_same_one() -> None:
    times = [at * MINUTE for at in range(8)]
    found = _fired([[True, True, False, True, False, False, False, False]], times, MINUTE, 2 * MINUTE, 0)
    assert (found.fired.tolist(), found.ended.tolist()) == ([1], [6])


def test_what_never_came_to_anything_never_fired() -> None:
    assert not len(firings_of(Runs.joined([]), np.array([0, 1]), 0, 0).alerts)

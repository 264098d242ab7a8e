"""The states of one alert, against a plain model of what Prometheus says they are."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.rules.model import AlertRule
from alertrules.rules.outcome import Active, State
from alertrules.rules.states import NEXT, RESOLVED_RETENTION_MS, advance
from promql.language.parser import parse
from timeseries.labels import Labels

INACTIVE, PENDING, FIRING = State
UP = parse("up")


def rule(for_ms: int = 0, keep_ms: int = 0) -> AlertRule:
    return AlertRule(name="A", expr=UP, text="up", for_ms=for_ms, keep_firing_ms=keep_ms)


def alert(state: State = INACTIVE, active_ms: int = 0) -> Active:
    return Active(labels=Labels(), annotations=Labels(), value=1.0, state=state, active_ms=active_ms)


def test_every_situation_has_one_state_after_it() -> None:
    assert set(NEXT) == set(product(State, (False, True), (False, True), (False, True)))


@pytest.mark.parametrize(("elapsed", "state"), [(299_999, PENDING), (300_000, FIRING)])
def test_an_alert_fires_when_for_is_over_and_not_before(elapsed: int, state: State) -> None:
    one = alert(PENDING, active_ms=1000)
    assert advance(one, rule(300_000), 1000 + elapsed, present=True) is state
    assert one.active_ms == 1000
    assert one.fired_ms == (1000 + elapsed if state is FIRING else 0)


def test_without_for_it_fires_at_once() -> None:
    one = alert()
    assert advance(one, rule(), 5000, present=True) is FIRING
    assert (one.active_ms, one.fired_ms) == (5000, 5000)


def test_one_that_is_pending_is_forgotten_as_soon_as_the_query_is_silent() -> None:
    assert advance(alert(PENDING), rule(1000, keep_ms=10_000), 500, present=False) is None


@pytest.mark.parametrize(("after", "state"), [(9_999, FIRING), (10_000, INACTIVE)])
def test_keep_firing_for_counts_from_the_first_silence(after: int, state: State) -> None:
    one = alert(FIRING, active_ms=1)
    assert advance(one, rule(keep_ms=10_000), 5_000, present=False) is FIRING
    assert advance(one, rule(keep_ms=10_000), 5_000 + after, present=False) is state
    assert one.resolved_ms == (5_000 + after if state is INACTIVE else 0)


@pytest.mark.parametrize(("after", "state"), [(0, INACTIVE), (1, None)])
def test_one_that_ended_is_remembered_for_a_while(after: int, state: State | None) -> None:
    one = alert(FIRING, active_ms=1)
    advance(one, rule(), 1000, present=False)
    assert advance(one, rule(), 1000 + RESOLVED_RETENTION_MS + after, present=False) is state
    assert one.resolved_ms == 1000


def test_one_that_comes_back_begins_anew() -> None:
    one = alert(FIRING, active_ms=1)
    one.last_sent_ms = 1
    advance(one, rule(1000), 2000, present=False)
    assert advance(one, rule(1000), 3000, present=True) is PENDING
    assert (one.active_ms, one.fired_ms, one.resolved_ms, one.last_sent_ms) == (3000, 0, 0, 0)


def test_one_that_fires_waits_again_when_for_was_made_longer() -> None:
    one = alert(FIRING, active_ms=1000)
    one.fired_ms = one.last_sent_ms = 2000
    assert advance(one, rule(60_000), 3000, present=True) is PENDING
    assert (one.active_ms, one.fired_ms, one.last_sent_ms) == (1000, 0, 0)


def expected(presence: list[bool], times: list[int], for_ms: int, keep_ms: int) -> list[State]:
    """The states, each found by looking back over all that was."""
    found: list[State] = []
    for now, here in enumerate(presence):
        before = found[-1] if found else INACTIVE
        # Where the alert began: the last step after which it was never inactive.
        begin = max((step + 1 for step, state in enumerate(found) if state is INACTIVE), default=0)
        silence = now
        while silence > begin and not presence[silence - 1]:
            silence -= 1
        if here:
            found.append(FIRING if times[now] - times[begin] >= for_ms or before is FIRING else PENDING)
        else:
            kept = before is FIRING and times[now] - times[silence] < keep_ms
            found.append(FIRING if kept else INACTIVE)
    return found


@given(
    presence=st.lists(st.booleans(), min_size=1, max_size=30),
    gaps=st.lists(st.integers(1, 4), min_size=30, max_size=30),
    for_ms=st.integers(0, 8),
    keep_ms=st.integers(0, 8),
)
def test_any_sequence_comes_to_the_states_of_the_model(
    presence: list[bool], gaps: list[int], for_ms: int, keep_ms: int
) -> None:
    times = [1000 + sum(gaps[:step]) for step in range(len(presence))]
    own = rule(for_ms, keep_ms)
    one: Active | None = None
    states: list[State] = []
    for now_ms, here in zip(times, presence, strict=True):
        if one is None and here:
            one = alert(active_ms=now_ms)
        if one is not None and advance(one, own, now_ms, present=here) is None:
            one = None
        states.append(one.state if one is not None else INACTIVE)
    assert states == expected(presence, times, for_ms, keep_ms)

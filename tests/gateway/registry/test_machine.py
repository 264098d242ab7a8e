"""The table of statuses: each pair of a status and what happens, and when silence counts."""

from dataclasses import replace

import pytest

from gateway.registry.machine import EVENTS, TABLE, Signal, Timing, is_skewed, signal_of, troubles
from gateway.registry.model import Status
from tests.gateway.registry.parts import BYE, SICK, WELL

ON, BAD, OFF, GONE = Status.ONLINE, Status.DEGRADED, Status.OFFLINE, Status.STOPPED
SAME = (None, "")

# A row a status; what comes of each signal, in their order.
EXPECTED = {
    # registered, well, troubled, goodbye, late, silent
    ON: [SAME, SAME, (BAD, "degraded"), (GONE, "stopped"), (BAD, "late"), (OFF, "offline")],
    BAD: [SAME, (ON, "recovered"), SAME, (GONE, "stopped"), SAME, (OFF, "offline")],
    OFF: [(ON, "returned"), (ON, "returned"), (BAD, "returned"), (GONE, "stopped"), SAME, SAME],
    GONE: [(ON, "started"), (ON, "started"), (BAD, "started"), SAME, SAME, SAME],
    None: [(ON, "registered"), SAME, SAME, SAME, SAME, SAME],
}


@pytest.mark.parametrize("status", EXPECTED)
def test_each_status_changes_as_the_table_says(status: Status | None) -> None:
    for signal, (after, event) in zip(Signal, EXPECTED[status], strict=True):
        found = TABLE.get((status, signal))
        assert (found.status, found.event) == (after, event) if found else (after, event) == SAME


def test_a_transition_always_leads_to_another_status() -> None:
    assert all(transition.status is not before for (before, _), transition in TABLE.items())
    assert {transition.event for transition in TABLE.values()} < EVENTS


@pytest.mark.parametrize(
    ("asked_s", "told_s"), [(10, 10), (15, 10), (300, 10), (2, 2), (1, 1), (0.1, 1), (0, 1)]
)
def test_an_agent_is_told_to_speak_thrice_before_it_is_offline(asked_s: float, told_s: float) -> None:
    assert Timing().interval_s(asked_s) == told_s


@pytest.mark.parametrize(
    ("silent_s", "asked_s", "signal"),
    [
        (14.9, 10, None),
        (15, 10, Signal.LATE),
        (29.9, 10, Signal.LATE),
        (30, 10, Signal.SILENT),
        (15, 60, Signal.LATE),
        (1.4, 1, None),
        (1.5, 1, Signal.LATE),
        (-100, 10, None),
    ],
)
def test_silence_counts_from_half_an_interval_missed(
    silent_s: float, asked_s: float, signal: Signal | None
) -> None:
    assert Timing().signal(silent_s, asked_s) is signal


def test_troubles_are_told_in_sentences() -> None:
    assert troubles(WELL, None) == ()
    assert troubles(SICK, None) == ("failing collectors: nfs, disk",)
    assert troubles(replace(WELL, state="error"), None) == ("it reports an error",)
    assert troubles(replace(WELL, state="error", last_error="no route"), None) == ("no route",)


@pytest.mark.parametrize(
    ("before", "now", "oldest_s", "grows"),
    [
        (0, 100, 90, False),
        (100, 100, 60, True),
        (100, 100, 59, False),
        (100, 99, 90, False),
        (9, 100, 60, True),
    ],
)
def test_a_spool_is_trouble_when_it_is_old_and_does_not_shrink(
    before: int, now: int, oldest_s: float, grows: bool
) -> None:
    was, is_ = replace(WELL, spool_bytes=before), replace(WELL, spool_bytes=now, spool_oldest_s=oldest_s)
    assert bool(troubles(is_, was)) is grows
    assert troubles(is_, None) == ()


def test_a_heartbeat_means_one_thing() -> None:
    assert signal_of(WELL, ()) is Signal.WELL
    assert signal_of(WELL, ("bad",)) is Signal.TROUBLED
    assert signal_of(BYE, ("bad",)) is Signal.GOODBYE


def test_a_clock_that_is_nearly_right_again_still_counts_as_wrong() -> None:
    assert [is_skewed(each, before=False) for each in (29.9, 30, -30, -29.9)] == [False, True, True, False]
    assert [is_skewed(each, before=True) for each in (20, -20, 19.9)] == [True, True, False]

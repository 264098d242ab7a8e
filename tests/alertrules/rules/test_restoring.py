"""After a restart: what alerts go on with, and what begins anew."""

from collections.abc import Sequence

import pytest

from alertrules.rules.outcome import State
from alertrules.rules.restoring import GRACE_PERIOD_MS, OUTAGE_TOLERANCE_MS
from promql.errors import QueryTooLarge
from promql.source import Reading, Selected, unlimited
from tests.alertrules.rules.world import MINUTE, World, make
from timeseries.matcher import Matcher

HOUR = 60 * MINUTE
RULE = "{alert: A, expr: up == 0, for: 30m, labels: {s: page}}"


def active_after(down: float, up: float, *, begun: float = 0.0, rule: str = RULE, ended: bool = False) -> int:
    """Since when (ms) an alert counts that began at a minute, was seen last at `down`, restored at `up`."""
    world = World()
    labels = {"alertname": "A", "s": "page", "host": "a"}
    world.put("ALERTS_FOR_STATE", round(begun * MINUTE), begun * 60, **labels)
    world.put("ALERTS_FOR_STATE", round(down * MINUTE), None if ended else begun * 60, **labels)
    world.put("up", round(up * MINUTE), 0.0, host="a")
    own = make(rule, restoring=True)
    now_ms = round(up * MINUTE)
    world.evaluate(own, now_ms)
    assert world.written() == {}
    assert own.restore(now_ms, world.memory) == []
    [alert] = own.evaluate(now_ms + 1, world.query, world.write).rules[0].active
    assert len(world.written()) == 2
    return alert.active_ms


def test_the_time_away_does_not_count_toward_for() -> None:
    assert active_after(down=10, up=50) == 40 * MINUTE


def test_when_it_was_seen_counts_in_whole_seconds() -> None:
    assert active_after(down=10 + 0.5 / 60, up=50) == 40 * MINUTE


def test_with_little_left_it_waits_for_the_grace_period() -> None:
    assert active_after(down=25, up=50) == 50 * MINUTE + GRACE_PERIOD_MS - 30 * MINUTE


def test_exactly_the_grace_period_left_is_only_shifted() -> None:
    assert active_after(down=20, up=50) == 30 * MINUTE


@pytest.mark.parametrize("down", [30, 45])
def test_one_that_fired_fires_again_with_the_next_evaluation(down: int) -> None:
    assert active_after(down=down, up=50) == 0
    world = World()
    world.put("ALERTS_FOR_STATE", down * MINUTE, 0.0, alertname="A", s="page", host="a")
    world.put("up", 50 * MINUTE, 0.0, host="a")
    own = make(RULE, restoring=True)
    assert world.evaluate(own, 50 * MINUTE).rules[0].state is State.PENDING
    own.restore(50 * MINUTE, world.memory)
    assert world.evaluate(own, 51 * MINUTE).rules[0].state is State.FIRING


@pytest.mark.parametrize(("away", "begins"), [(OUTAGE_TOLERANCE_MS, False), (OUTAGE_TOLERANCE_MS + 1, True)])
def test_after_a_long_time_away_it_begins_anew(away: int, begins: bool) -> None:
    up = 10 * MINUTE + away
    assert active_after(down=10, up=up / MINUTE) == (up if begins else OUTAGE_TOLERANCE_MS)


def test_one_that_ended_before_the_restart_begins_anew() -> None:
    assert active_after(down=10, up=12, ended=True) == 12 * MINUTE


@pytest.mark.parametrize(("minutes", "begins"), [(9, True), (11, False)])
def test_a_rule_with_a_short_for_begins_anew(minutes: int, begins: bool) -> None:
    rule = RULE.replace("30m", f"{minutes}m")
    assert (active_after(down=1, up=2, rule=rule) == 2 * MINUTE) is begins


@pytest.mark.parametrize(("down", "goes_on"), [(4.9, False), (5, True), (20, True)])
def test_one_that_fired_goes_on_however_short_its_for_is(down: float, goes_on: bool) -> None:
    active_ms = active_after(down=down, up=25, rule=RULE.replace("30m", "5m"))
    assert active_ms == (0 if goes_on else 25 * MINUTE)


def test_an_alert_of_another_rule_or_with_other_labels_is_another_one() -> None:
    assert active_after(down=10, up=12, rule=RULE.replace("alert: A", "alert: B")) == 12 * MINUTE
    assert active_after(down=10, up=12, rule=RULE.replace("page", "mail")) == 12 * MINUTE


def test_what_cannot_be_read_is_told_and_the_alert_goes_on() -> None:
    class Broken:
        def select(
            self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
        ) -> Selected:
            raise QueryTooLarge(f"too much for {len(matchers)} from {start_ms} to {end_ms}")

    world = World()
    world.put("up", MINUTE, 0.0, host="a")
    own = make(f"{RULE}\n{{record: r, expr: up}}", restoring=True)
    world.evaluate(own, MINUTE)
    assert world.written() == {'r{host="a"}': 0.0}
    assert own.restore(MINUTE, Broken()) == ["A: too much for 2 from -3540000 to 60000"]
    assert own.restore(MINUTE, Broken()) == []
    world.evaluate(own, 2 * MINUTE)
    assert len(world.written()) == 3


def test_a_reload_before_anything_was_restored_still_waits_for_it() -> None:
    world = World()
    world.put("up", MINUTE, 0.0, host="a")
    own = make(RULE, restoring=True)
    world.evaluate(own, MINUTE)
    new = make(f"{RULE}\n{{alert: New, expr: up == 0}}")
    new.take_over(own)
    world.evaluate(new, 2 * MINUTE)
    assert {name.partition("host")[0] for name in world.written()} == {
        'ALERTS{alertname="New", alertstate="firing", ',
        'ALERTS_FOR_STATE{alertname="New", ',
    }

"""What the dispatcher tells, and when: Alertmanager's rules, one by one."""

import pytest

from alertrules.alert import Alert
from alertrules.routing.configuration import InhibitRule, Receiver, Route
from alertrules.routing.intervals import TimeInterval
from tests.alertrules.routing.dispatching import (
    INTERVAL,
    REPEAT,
    SECOND,
    START,
    WAIT,
    Play,
    alert,
    configured,
    equal,
    integration,
    names,
    silence,
)

LONG = START + 100 * REPEAT
"""An end so far away that an alert fires through the test."""


def test_a_new_group_waits_and_tells_all_that_came_meanwhile_in_order() -> None:
    play = Play()
    play.put(alert(host="b", ends_ms=LONG))
    assert play.until(START + 10 * SECOND) == []
    play.put(alert(host="a", ends_ms=LONG))
    assert play.until(START + WAIT) == ["30 a+ b+"]


def test_an_alert_that_is_older_than_the_wait_is_told_at_once() -> None:
    play = Play()
    play.put(alert(starts_ms=START - WAIT, host="a", ends_ms=LONG))
    assert play.until(START) == []
    play.put(alert(starts_ms=START - WAIT - 1, host="b", ends_ms=LONG))
    assert play.until(START) == ["0 a+ b+"]


def test_a_new_member_waits_for_the_tick_however_old_it_is() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG))
    play.until(START + WAIT)
    play.put(alert(host="b", starts_ms=START - REPEAT, ends_ms=LONG))
    assert play.until(START + WAIT + INTERVAL) == ["330 a+ b+"]


def test_nothing_new_is_told_again_after_the_repeat_interval() -> None:
    play = Play(configured(route={"repeat_interval_ms": 700 * SECOND}))
    play.put(alert(host="a", ends_ms=LONG))
    assert play.until(START + 2_000 * SECOND) == ["30 a+", "930 a+", "1830 a+"]


def test_an_end_is_told_once_and_then_the_alert_is_gone() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG), alert(host="b", ends_ms=START + 60 * SECOND))
    assert play.until(START + 10 * INTERVAL) == ["30 a+ b+", "330 a+ b-"]


def test_a_lone_end_is_told_and_the_group_begins_anew_when_it_was_tidied() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=START + 60 * SECOND))
    assert play.until(START + 400 * SECOND) == ["30 a+", "330 a-"]
    play.put(alert(host="a", starts_ms=START + 400 * SECOND, ends_ms=LONG))
    assert play.until(START + 500 * SECOND) == ["430 a+"]


def test_what_fired_and_ended_within_the_wait_is_never_told() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=START + 10 * SECOND))
    assert play.until(START + 3 * REPEAT) == []
    assert not play.dispatcher.take_changes().told


def test_an_alert_without_an_end_ends_after_the_resolve_timeout_unless_it_is_heard_again() -> None:
    play = Play(configured(resolve_timeout_ms=200 * SECOND))
    play.put(alert(host="a"))
    assert play.until(START + 150 * SECOND) == ["30 a+"]
    play.put(alert(host="a"))
    assert play.until(START + 330 * SECOND) == []
    assert play.until(START + 700 * SECOND) == ["630 a-"]


@pytest.mark.parametrize(
    ("send_resolved", "told"),
    [(True, ["30 a+", "330 a-", "930 a+"]), (False, ["30 a+", "930 a+"])],
)
def test_who_does_not_want_ends_is_not_told_but_hears_of_the_next_start(
    send_resolved: bool, told: list[str]
) -> None:
    play = Play(configured(integration(send_resolved=send_resolved)))
    play.put(alert(host="a", ends_ms=START + 60 * SECOND))
    log = play.until(START + 900 * SECOND)
    play.put(alert(host="a", starts_ms=START + 900 * SECOND, ends_ms=LONG))
    assert log + play.until(START + 1000 * SECOND) == told


def test_each_way_of_a_receiver_has_an_entry_of_its_own() -> None:
    play = Play(configured(integration("webhook"), integration("email")))
    play.put(alert(host="a", ends_ms=LONG))
    [flush] = play.dispatcher.due(START + WAIT)
    taken, refused = flush.tellings
    play.dispatcher.settle(flush, taken, is_taken=True, now_ms=START + WAIT)
    play.dispatcher.settle(flush, refused, is_taken=False, now_ms=START + WAIT)
    [again] = play.dispatcher.due(START + WAIT + INTERVAL)
    assert [telling.integration.kind for telling in again.tellings] == ["email"]


def test_a_group_whose_notification_is_on_its_way_is_not_told_again_before_it_is_over() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG))
    [flush] = play.dispatcher.due(START + WAIT)
    assert play.dispatcher.due(START + WAIT + 3 * INTERVAL) == []
    play.dispatcher.settle(flush, flush.tellings[0], is_taken=False, now_ms=START + WAIT + 3 * INTERVAL)
    assert len(play.dispatcher.due(START + WAIT + 3 * INTERVAL)) == 1


def test_an_end_stays_in_the_group_until_it_could_be_told() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=START + 60 * SECOND))
    play.until(START + WAIT)
    play.takes = lambda _: False
    play.until(START + 330 * SECOND)
    play.takes = lambda _: True
    assert play.until(START + 10 * INTERVAL) == ["630 a-"]


def test_an_alert_that_fires_again_while_its_end_is_told_stays() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=START + 60 * SECOND))
    play.until(START + WAIT)
    [flush] = play.dispatcher.due(START + 330 * SECOND)
    play.dispatcher.put([alert(host="a", starts_ms=START + 331 * SECOND, ends_ms=LONG)], START + 331 * SECOND)
    play.dispatcher.settle(flush, flush.tellings[0], is_taken=True, now_ms=START + 332 * SECOND)
    assert play.until(START + 700 * SECOND) == ["630 a+"]


def test_what_is_silenced_is_not_told_until_the_silence_is_over() -> None:
    play = Play()
    play.silences.put(silence(equal("host", "a"), ends_ms=START + 700 * SECOND), START)
    play.put(alert(host="a", ends_ms=LONG), alert(host="b", ends_ms=LONG))
    assert play.until(START + 600 * SECOND) == ["30 b+"]
    assert [view.silenced_by for view in play.dispatcher.views(play.now)].count(("id-1",)) == 1
    assert play.until(START + 1000 * SECOND) == ["930 a+ b+"]


def test_what_is_inhibited_is_not_told_while_the_other_fires() -> None:
    rule = InhibitRule(
        source=(equal("alertname", "Dead"),), target=(equal("alertname", "Slow"),), equal=("host",)
    )
    play = Play(configured(inhibit_rules=(rule,)))
    dead = alert("Dead", host="a", ends_ms=START + 100 * SECOND)
    play.put(dead, alert("Slow", host="a", ends_ms=LONG), alert("Slow", host="b", ends_ms=LONG))
    assert play.until(START + 100 * SECOND) == ["30 a+", "30 b+"]
    views = play.dispatcher.views(START + 1)
    assert [(view.state, view.inhibited_by) for view in views if view.inhibited_by] == [
        ("suppressed", (dead.fingerprint,))
    ]
    assert play.until(START + 400 * SECOND) == ["330 a-", "330 a+ b+"]


@pytest.mark.parametrize(
    ("names_of", "told"),
    [
        ({"mute_time_intervals": ("always",)}, []),
        ({"mute_time_intervals": ("never",)}, ["30 a+"]),
        ({"active_time_intervals": ("always",)}, ["30 a+"]),
        ({"active_time_intervals": ("never",)}, []),
        ({"active_time_intervals": ("always",), "mute_time_intervals": ("never", "always")}, []),
    ],
)
def test_routes_are_muted_by_time(names_of: dict[str, tuple[str, ...]], told: list[str]) -> None:
    intervals = {"always": (TimeInterval(),), "never": (TimeInterval(years=((1990, 1991),)),)}
    play = Play(configured(route=names_of, time_intervals=intervals))
    play.put(alert(host="a", ends_ms=LONG))
    assert play.until(START + INTERVAL) == told


def test_groups_are_made_for_each_route_and_set_of_labels() -> None:
    page = Route(
        receiver="page",
        matchers=(equal("severity", "page"),),
        group_by_all=True,
        key='{}/{severity="page"}',
        id="0/0",
        continues=True,
        group_wait_ms=0,
    )
    rest = Route(receiver="team", key="{}/{}", id="0/1", group_wait_ms=0)
    pager = Receiver(name="page", integrations=(integration("pagerduty"),))
    play = Play(configured(routes=(page, rest), receivers={"page": pager}))
    play.put(
        *(alert(host=host, severity="page", ends_ms=LONG) for host in "ab"), alert(host="c", ends_ms=LONG)
    )
    play.until(START)
    told = {notification.group_key: len(notification.alerts) for _, notification in play.sent}
    assert told == {
        '{}/{severity="page"}:{alertname="Down", host="a", severity="page"}': 1,
        '{}/{severity="page"}:{alertname="Down", host="b", severity="page"}': 1,
        "{}/{}:{}": 3,
    }
    groups = play.dispatcher.group_views(START)
    assert [(group.receiver, names(group.alerts)) for group in groups] == [
        ("team", ["c", "a", "b"]),
        ("page", ["a"]),
        ("page", ["b"]),
    ]


def test_after_a_restart_nothing_is_told_twice_and_ticks_go_on() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG))
    play.until(START + 100 * SECOND)
    later = play.restarted()
    later.put(alert(host="b", ends_ms=LONG))
    assert later.until(START + 400 * SECOND) == ["330 a+ b+"]


def test_after_a_restart_a_wait_goes_on_where_it_was() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG))
    play.until(START + 20 * SECOND)
    assert play.restarted().until(START + 400 * SECOND) == ["30 a+"]


def test_after_a_restart_an_end_that_was_only_a_promise_counts_anew() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=START + 240 * SECOND), alert(host="b", ends_ms=START + 240 * SECOND))
    play.until(START + 100 * SECOND)
    play.now = START + 1000 * SECOND
    later = play.restarted()
    assert later.until(START + 1000 * SECOND) == []
    later.put(alert(host="a", ends_ms=START + 5000 * SECOND))
    assert later.until(START + 4000 * SECOND) == ["1300 a+ b-"]


def test_after_a_restart_an_end_that_was_not_told_is() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG))
    play.until(START + 100 * SECOND)
    play.put(alert(host="a", ends_ms=START + 100 * SECOND))
    assert play.restarted().until(START + 1000 * SECOND) == ["330 a-"]


def test_another_configuration_keeps_what_was_told_and_the_ticks() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG))
    play.until(START + 100 * SECOND)
    play.dispatcher.reload(configured(), play.now)
    play.put(alert(host="b", ends_ms=LONG))
    assert play.until(START + 400 * SECOND) == ["330 a+ b+"]


def test_another_configuration_does_not_tell_again_what_is_on_its_way() -> None:
    play = Play()
    play.put(alert(host="a", ends_ms=LONG))
    [flush] = play.dispatcher.due(START + WAIT)
    play.dispatcher.reload(configured(), START + WAIT)
    assert play.dispatcher.due(START + WAIT + 2 * INTERVAL) == []
    play.dispatcher.settle(flush, flush.tellings[0], is_taken=True, now_ms=START + WAIT + 2 * INTERVAL)
    assert play.until(START + 10 * INTERVAL) == []


@pytest.mark.parametrize(
    ("heard", "is_urgent"),
    [(alert(ends_ms=START + 90 * SECOND), False), (alert(ends_ms=START), True), (alert(host="b"), True)],
)
def test_that_alerts_are_heard_again_is_not_urgent_to_write(heard: Alert, is_urgent: bool) -> None:
    play = Play()
    play.put(alert(ends_ms=START + 60 * SECOND))
    assert len(play.dispatcher.take_changes().alerts) == 1
    play.put(heard)
    assert play.dispatcher.is_urgent == is_urgent
    assert len(play.dispatcher.take_changes().alerts) == 1

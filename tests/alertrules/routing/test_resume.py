"""After a restart, a sleep or a clock that was set: alerts of which nobody could speak have not ended."""

from dataclasses import replace

import pytest

from alertrules.alert import Alert
from alertrules.routing.dispatch import TIDY_MS, Dispatcher
from alertrules.routing.silences import SilenceBook
from tests.alertrules.routing.dispatching import (
    INTERVAL,
    SECOND,
    START,
    WAIT,
    Play,
    alert,
    configured,
    names,
    new_ids,
)

HOUR = 3_600 * SECOND
MINUTE = 60 * SECOND
TIMEOUT = configured().resolve_timeout_ms
OURS = "http://gateway:9095"


def restored(kept: Alert, now_ms: int) -> int:
    """Until when an alert counts as firing after a restart."""
    dispatcher = Dispatcher(
        configured(), silences=SilenceBook(new_id=new_ids()), external_url=OURS, now_ms=now_ms
    )
    dispatcher.restore([kept], now_ms)
    found = dispatcher.known(kept.labels)
    assert found is not None
    return found.ends_ms


def kept(promise: int, url: str = f"{OURS}/graph?g0.expr=up") -> Alert:
    return replace(alert(ends_ms=START + promise), updated_ms=START, generator_url=url)


@pytest.mark.parametrize("down", [MINUTE, 10 * HOUR])
def test_an_alert_of_our_own_rules_has_the_whole_promise_again_after_a_restart(down: int) -> None:
    assert restored(kept(HOUR), START + down) == START + down + HOUR
    assert restored(kept(MINUTE), START + down) == START + down + TIMEOUT


def test_an_alert_of_others_has_the_time_after_which_alerts_count_as_ended() -> None:
    for url in ("http://prometheus/graph", f"{OURS}5/graph", ""):
        assert restored(kept(HOUR, url), START + 2 * HOUR) == START + 2 * HOUR + TIMEOUT
        assert restored(kept(HOUR, url), START + MINUTE) == START + HOUR


def test_what_had_ended_before_a_restart_stays_ended() -> None:
    ended = replace(kept(0), updated_ms=START + 1)
    assert restored(ended, START + MINUTE) == START


def test_after_a_sleep_what_fired_still_fires_and_what_had_ended_has_not_begun() -> None:
    play = Play()
    play.put(alert(host="a"), alert(host="b"))
    assert play.until(START + WAIT) == ["30 a+ b+"]
    play.put(alert(host="b", ends_ms=play.now))
    before, play.now = play.now, play.now + HOUR
    play.dispatcher.resume(before, play.now)
    assert play.until(play.now + TIMEOUT - 1) == ["3630 a+ b-"]
    assert play.until(play.now + INTERVAL) == ["3930 a-"]


def test_with_the_clock_set_back_groups_do_not_wait_for_the_old_time() -> None:
    play = Play()
    play.put(alert(host="a"))
    assert play.until(START + WAIT) == ["30 a+"]
    play.put(alert("Other", host="c"))
    before, play.now = play.now, play.now - HOUR
    play.dispatcher.resume(before, play.now)
    assert play.dispatcher.next_ms() <= play.now + TIDY_MS
    play.put(alert(host="b", starts_ms=play.now, ends_ms=START))
    assert play.until(play.now + INTERVAL) == ["-3540 c+", "-3270 a+ b+"]
    assert set(names(play.dispatcher.views(play.now))) == {"a", "b", "c"}


def test_with_the_clock_set_back_what_had_ended_is_told_as_ended() -> None:
    play = Play()
    play.put(alert(host="a"))
    assert play.until(START + WAIT) == ["30 a+"]
    play.put(alert(host="a", ends_ms=play.now))
    before, play.now = play.now, play.now - HOUR
    play.dispatcher.resume(before, play.now)
    assert play.dispatcher.views(play.now) == []
    assert play.until(play.now + INTERVAL) == ["-3270 a-"]

"""Whatever happens: nothing is told twice without a reason, nothing silenced, and nothing is forgotten."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alertrules.notification import Notification
from alertrules.routing.groups import Telling
from tests.alertrules.routing.dispatching import (
    INTERVAL,
    REPEAT,
    SECOND,
    WAIT,
    Play,
    alert,
    configured,
    equal,
    integration,
    silence,
)

SILENT = 400 * SECOND
LONG = 1 << 44

# What happens, to whom, after how many seconds.
Event = tuple[str, str, int]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("fire", "fire", "fire", "end", "silence", "fail", "heal", "restart", "reload")),
        st.sampled_from("abcd"),
        st.integers(0, 700),
    ),
    max_size=25,
)


class World:
    """A play, and beside it what is plainly so: who fires, and who is silenced until when."""

    def __init__(self) -> None:
        self.play = Play(configured(integration(), integration("email", send_resolved=False)))
        self.play.takes = self.take
        self.firing: dict[str, int] = {}
        self.silenced: dict[str, int] = {}
        self.fails = False

    def take(self, notification: Notification) -> bool:
        for each in notification.alerts:
            host = each.labels.get("host")
            assert self.silenced.get(host, 0) <= notification.now_ms, f"{host} is silenced"
            assert (host in self.firing) == (each in notification.firing), f"{host} is not as it is told"
        return not self.fails

    def happens(self, event: Event) -> None:
        what, host, later = event
        play = self.play
        play.until(play.now + later * SECOND)
        match what:
            case "fire":
                starts_ms = self.firing.setdefault(host, play.now)
                play.put(alert(host=host, starts_ms=starts_ms, ends_ms=LONG))
            case "end" if host in self.firing:
                play.put(alert(host=host, starts_ms=self.firing.pop(host), ends_ms=play.now))
            case "silence":
                self.silenced[host] = play.now + SILENT
                wanted = silence(equal("host", host), starts_ms=play.now, ends_ms=play.now + SILENT)
                play.silences.put(wanted, play.now)
            case "fail" | "heal":
                self.fails = what == "fail"
            case "reload":
                play.dispatcher.reload(play.configuration, play.now)
            case "restart":
                self.play = play.restarted()


def told_by(world: World, kind: str) -> list[Telling]:
    return [telling for telling in world.play.tellings if telling.integration.kind == kind]


@given(EVENTS)
def test_receivers_hear_all_and_nothing_twice(events: Sequence[Event]) -> None:
    world = World()
    for event in events:
        world.happens(event)
    world.fails = False
    world.play.until(world.play.now + SILENT + WAIT + 2 * INTERVAL)
    for kind in ("webhook", "email"):
        check_nothing_twice(told_by(world, kind))
        check_all_that_fires_was_told(world, told_by(world, kind))
    if not world.silenced:
        check_ends_were_told_once(world, told_by(world, "webhook"))


def check_nothing_twice(tellings: Sequence[Telling]) -> None:
    for one, later in pairwise(tellings):
        between_ms = later.told.time_ms - one.told.time_ms
        if between_ms <= REPEAT:
            is_news = not firing_in(later) <= firing_in(one)
            is_end = not later.told.resolved <= one.told.resolved
            assert is_news or is_end, "told twice"
        assert between_ms >= INTERVAL or not one.told.firing


def firing_in(telling: Telling) -> set[tuple[str, int]]:
    return {(each.labels.get("host"), each.starts_ms) for each in telling.notification.firing}


def check_all_that_fires_was_told(world: World, tellings: Sequence[Telling]) -> None:
    # What ended and fired anew between two ticks is not told again: nobody heard of the end.
    assert world.firing.keys() <= {host for telling in tellings for host, _ in firing_in(telling)}


def check_ends_were_told_once(world: World, tellings: Sequence[Telling]) -> None:
    believed: set[str] = set()
    ends: list[tuple[str, int]] = []
    for telling in tellings:
        resolved = telling.notification.resolved
        believed -= {each.labels.get("host") for each in resolved}
        believed |= {host for host, _ in firing_in(telling)}
        ends += [(each.labels.get("host"), each.starts_ms) for each in resolved]
    assert believed == world.firing.keys()
    assert len(ends) == len(set(ends)), "an end was told twice"

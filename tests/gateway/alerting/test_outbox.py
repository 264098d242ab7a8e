"""What waits for an Alertmanager, compared with a list that is searched."""

import threading

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alertrules.alert import Alert
from gateway.alerting.outbox import MAX_WAITING, RESOLVED_KEPT_MS, Outbox
from timeseries.labels import Labels

CAPACITY = 5


def alert(name: str, ends_ms: int = 0, starts_ms: int = 0) -> Alert:
    return Alert(labels=Labels({"alertname": name}), starts_ms=starts_ms, ends_ms=ends_ms)


class OutboxAsAList(RuleBasedStateMachine):
    """Offers, takes and finishes at random; nothing old comes after something new."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(CAPACITY)
        self.waiting: list[Alert] = []
        self.in_work: list[Alert] = []
        self.dropped = 0
        self.version = 0

    @rule(names=st.lists(st.sampled_from("abcdefgh"), max_size=9))
    def offer(self, names: list[str]) -> None:
        made = []
        for name in names:
            self.version += 1
            made.append(alert(name, starts_ms=self.version))
        for one in made:
            same = [place for place, old in enumerate(self.waiting) if old.labels == one.labels]
            if same:
                self.waiting[same[0]] = one
            else:
                self.waiting.append(one)
        over = max(len(self.waiting) - CAPACITY, 0)
        self.dropped += over
        del self.waiting[:over]
        self.outbox.offer(made, now_ms=0)

    @rule(count=st.integers(1, 6))
    def take(self, count: int) -> None:
        self.in_work = self.outbox.take(count, now_ms=0)
        assert self.in_work == self.waiting[:count]

    @rule()
    def done(self) -> None:
        self.outbox.done(self.in_work)
        self.waiting = [one for one in self.waiting if one not in self.in_work]

    @invariant()
    def same_as_the_list(self) -> None:
        assert len(self.outbox) == len(self.waiting)
        assert self.outbox.take(100, now_ms=0) == self.waiting
        assert self.outbox.dropped["queue_full"] == self.dropped


TestOutboxAsAList = OutboxAsAList.TestCase


def test_the_limit_is_ten_thousand() -> None:
    outbox = Outbox()
    outbox.offer([alert(str(number)) for number in range(MAX_WAITING)], now_ms=0)
    assert outbox.dropped["queue_full"] == 0
    outbox.offer([alert("one more")], now_ms=0)
    assert (len(outbox), outbox.dropped["queue_full"]) == (MAX_WAITING, 1)
    assert outbox.take(1, now_ms=0)[0].name == "1"


@given(st.integers(1, 10_000))
def test_what_fires_is_dropped_when_it_counts_as_ended(ends_ms: int) -> None:
    outbox = Outbox()
    outbox.offer([alert("a", ends_ms)], now_ms=0)
    assert outbox.take(1, now_ms=ends_ms - 1)
    assert not outbox.take(1, now_ms=ends_ms)
    assert (len(outbox), outbox.dropped["expired"]) == (0, 1)


def test_what_ended_is_tried_for_a_quarter_of_an_hour() -> None:
    outbox = Outbox()
    outbox.offer([alert("a", 1_000)], now_ms=1_000)
    assert outbox.take(1, now_ms=1_000 + RESOLVED_KEPT_MS - 1)
    assert not outbox.take(1, now_ms=1_000 + RESOLVED_KEPT_MS)


def test_what_has_no_end_waits_on() -> None:
    outbox = Outbox()
    outbox.offer([alert("a")], now_ms=0)
    assert outbox.take(1, now_ms=10**15)


def test_threads_lose_nothing() -> None:
    outbox = Outbox(100_000)

    def offer(thread: int) -> None:
        for number in range(500):
            outbox.offer([alert(f"{thread}-{number}")], now_ms=0)

    threads = [threading.Thread(target=offer, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    seen = 0
    while any(thread.is_alive() for thread in threads) or len(outbox):
        taken = outbox.take(64, now_ms=0)
        outbox.done(taken)
        seen += len(taken)
    assert seen == 2_000

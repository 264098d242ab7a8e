"""How what is heard of an alert again is joined with what was known."""

import pytest

from alertrules.alert import Alert
from alertrules.routing.alerts import AlertBook, merged, received
from alertrules.routing.grouping import in_order
from tests.alertrules.routing.dispatching import START, alert
from timeseries.labels import Labels

NOW = START + 50


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ((0, 0), (NOW, NOW + 9, True)),
        ((0, NOW - 5), (NOW - 5, NOW - 5, False)),
        ((START, 0), (START, NOW + 9, True)),
        ((START, NOW + 3), (START, NOW + 3, False)),
    ],
)
def test_what_comes_in_gets_a_start_and_an_end(given: tuple[int, int], known: tuple[int, int, bool]) -> None:
    made = received(alert(starts_ms=given[0], ends_ms=given[1]), NOW, 9)
    assert (made.starts_ms, made.ends_ms, made.ends_by_timeout, made.updated_ms) == (*known, NOW)


@pytest.mark.parametrize(
    ("old", "new", "span"),
    [
        # Start, end, whether that is a timeout; times are relative to START, and it is 50.
        ((0, 60, False), (0, 100, False), (0, 100)),
        ((0, 100, False), (10, 60, False), (0, 100)),
        ((0, 100, True), (10, 60, False), (0, 60)),
        ((0, 100, False), (10, 40, False), (0, 40)),
        ((0, 45, False), (10, 40, False), (0, 45)),
        ((0, 40, False), (30, 90, False), (0, 90)),
        ((0, 40, False), (45, 90, False), (45, 90)),
    ],
    ids=["again", "shorter", "truer", "ended", "ended twice", "again in time", "anew"],
)
def test_times_are_joined_where_they_overlap(
    old: tuple[int, int, bool], new: tuple[int, int, bool], span: tuple[int, int]
) -> None:
    known, heard = (
        alert(starts_ms=START + starts, ends_ms=START + ends).changed(ends_by_timeout=by, updated_ms=when)
        for (starts, ends, by), when in ((old, START), (new, NOW))
    )
    made = merged(known, heard, NOW)
    assert (made.starts_ms - START, made.ends_ms - START) == span


def test_evidence_stays_with_an_alert_that_is_heard_again_and_goes_with_its_end() -> None:
    first = alert(ends_ms=START + 60).changed(evidence={"top": "java"})
    assert merged(first, alert(ends_ms=START + 90), NOW).evidence == {"top": "java"}
    assert merged(first, alert(starts_ms=START + 70, ends_ms=START + 90), NOW).evidence is None


def test_there_is_room_for_so_many_alerts_and_always_for_those_that_are_known() -> None:
    book = AlertBook(most=2)
    assert all(book.put(alert(host=host), NOW) for host in "ab")
    assert book.put(alert(host="c"), NOW) is None
    assert book.put(alert(host="a"), NOW)


def test_alerts_are_in_the_order_of_job_instance_number_of_labels_and_labels() -> None:
    ordered = [
        {"job": "a", "instance": "1", "z": "1"},
        {"job": "a", "instance": "2"},
        {"job": "a"},
        {"job": "b", "instance": "0"},
        {"instance": "0"},
        {"x": "1"},
        {"b": "1", "x": "1"},
        {"b": "2", "x": "0"},
        {"a": "9", "x": "0"},
    ]
    alerts = [alert().changed(labels=Labels(labels)) for labels in ordered]
    assert in_order(alerts[::-1]) == alerts


def long(host: str, text: str, ends_ms: int = 0) -> Alert:
    return Alert(
        labels=Labels({"host": host}), annotations=Labels({"a": text}), starts_ms=1, ends_ms=ends_ms or 9_000
    )


def test_all_alerts_together_may_say_so_much_and_then_only_that_they_fire_and_end() -> None:
    size = len("host" + "x" + "a") + 10
    book = AlertBook(most_text=2 * size)
    first = long("x", "1" * 10)
    assert book.put(first, 2) == first
    assert book.put(long("y", "1" * 11), 2) is None
    assert book.put(long("y", "1" * 10), 2) is not None
    assert book.put(long("z", "1"), 2) is None
    # What is known goes on, with what it said before.
    ended = book.put(long("x", "1" * 11, ends_ms=3), 4)
    assert ended is not None
    assert (ended.annotations, ended.ends_ms) == (first.annotations, 3)
    book.forget([first.labels])
    assert book.put(long("z", "1" * 10), 4) is not None
    assert book.put(long("z", "1"), 4) is not None
    assert book.put(long("y", "1" * 19), 4) is not None

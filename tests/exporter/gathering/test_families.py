"""The families of one page, and what a user's collector may not give."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.families import Family, Point
from exporter.gathering.collector import Collector, Outcome
from exporter.gathering.families import (
    MAX_POINTS,
    MAX_TEXT_LENGTH,
    Counts,
    apart,
    checked,
    families_of,
    own_families,
)
from tests.exporter.gathering.parts import gauge, gives

A1 = (("a", "1"),)
A2 = (("a", "2"),)


def came(collector: str, *families: Family, **more: Any) -> Outcome:
    return Outcome(collector=collector, families=families, **more)


def test_a_page_has_each_name_once_and_in_order() -> None:
    page = families_of([came("one", gauge("z"), gauge("b", 1, A1)), came("two", gauge("b", 2, A2))])
    assert [family.name for family in page] == [
        "b",
        "node_scrape_collector_duration_seconds",
        "node_scrape_collector_success",
        "z",
    ]
    assert page[0].points == (Point(1, A1), Point(2, A2))


def test_of_two_points_with_the_same_labels_the_first_is_shown() -> None:
    turned = (("b", "2"), ("a", "1"))
    page = families_of([came("one", gauge("x", 1, turned[::-1])), came("two", gauge("x", 2, turned))])
    assert page[-1].points == (Point(1, turned[::-1]),)


def test_a_page_tells_how_each_collector_fared() -> None:
    outcomes = [came("good", seconds=0.5), came("bad", error="no", seconds=5), came("gone", absent=True)]
    duration, success = families_of(outcomes)
    told = {point.labels[0][1]: point.value for point in duration.points}
    assert told == {"good": 0.5, "bad": 5, "gone": 0}
    assert {point.labels[0][1]: point.value for point in success.points} == {"good": 1, "bad": 0, "gone": 0}


def test_nobody_can_say_how_another_collector_fared() -> None:
    lie = gauge("node_scrape_collector_success", 1, (("collector", "bad"),))
    success = families_of([came("liar", lie), came("bad", error="no")])[1]
    assert {point.labels: point.value for point in success.points}[(("collector", "bad"),)] == 0


def test_of_two_kinds_the_first_is_shown_and_the_other_is_an_error() -> None:
    outcomes = [came("one", gauge("x")), came("two", gauge("x", kind="counter"), gauge("y"))]
    one, two = apart(outcomes)
    assert one is outcomes[0]
    assert list(two.families) == [gauge("y")]
    assert two.error == "x is a counter here and a gauge in one"
    assert apart([one, two]) == [one, two]
    success = families_of(outcomes)[1]
    assert [point.value for point in success.points] == [1, 0]


KINDS = st.sampled_from(["gauge", "counter"])
OUTCOMES = st.lists(
    st.lists(
        st.tuples(st.sampled_from("xyz"), KINDS, st.sampled_from([A1, A2]), st.integers(0, 9)), max_size=4
    ),
    max_size=4,
)


@given(OUTCOMES)
def test_a_page_agrees_with_a_plain_reading(drawn: list[list[tuple[str, Any, Any, int]]]) -> None:
    kinds: dict[str, str] = {}
    points: dict[tuple[str, Any], int] = {}
    for families in drawn:
        for name, kind, labels, value in families:
            if kinds.setdefault(name, kind) == kind:
                points.setdefault((name, labels), value)
    page = families_of(
        came(str(at), *(gauge(name, value, labels, kind) for name, kind, labels, value in families))
        for at, families in enumerate(drawn)
    )
    shown = [family for family in page if not family.name.startswith("node_")]
    assert {family.name: family.kind for family in shown} == kinds
    assert {(family.name, point.labels): point.value for family in shown for point in family.points} == points


def test_what_is_good_passes_the_check_as_plain_values() -> None:
    summary = Family(
        name="s",
        kind="summary",
        help="",
        points=[Point(True, [["quantile", "0.5"]]), Point(2, (), "_sum")],  # type: ignore[arg-type]
    )
    [passed] = checked([summary])
    assert passed.points == (Point(1.0, (("quantile", "0.5"),)), Point(2.0, (), "_sum"))
    assert type(passed.points[0].value) is float
    assert math.isnan(checked([gauge("x", math.nan)])[0].points[0].value)


HUGE = "x" * (MAX_TEXT_LENGTH + 1)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (gauge(""), "no name for a metric: ''"),
        (gauge("1x"), "no name for a metric: '1x'"),
        (gauge("x\n"), "no name for a metric"),
        (gauge(HUGE), "no name for a metric"),
        (gauge("x", labels=(("a-b", ""),)), "no name for a label: 'a-b'"),
        (gauge("x", labels=(("__name__", ""),)), "no name for a label: '__name__'"),
        (gauge("x", labels=(("a:b", ""),)), "no name for a label"),
        (gauge("x", labels=A1 + A2), "x has a label twice"),
        (gauge("x", labels=(("a", 1),)), "the label a of x is a int, not a text"),  # type: ignore[arg-type]
        (gauge("x", labels=(("a", "\udc80"),)), "the label a of x cannot be encoded"),
        (gauge("x", labels=(("a", HUGE),)), "is longer than 4096"),
        (gauge("x", "1"), "x has a str for its value"),  # type: ignore[arg-type]
        (gauge("x", None), "x has a NoneType for its value"),  # type: ignore[arg-type]
        (gauge("x", kind="enum"), "x: no type of metric: enum"),  # type: ignore[arg-type]
        (replace(gauge("x"), help=None), "the help of x is a NoneType"),  # type: ignore[arg-type]
        (replace(gauge("x"), points=[Point(1), Point(2)]), "x{} is there twice"),
        (replace(gauge("x"), points=[Point(1, (), "_bucket")]), "x_bucket does not belong to a gauge"),
        ("x 1", "collect.. gave a str, which is no metric"),
    ],
)
def test_what_is_not_fit_for_a_page_is_refused(family: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message.replace("{", r"\{")):
        checked([gauge("good"), family])


@pytest.mark.parametrize("more", [0, 1])
def test_a_users_collector_has_a_limit(more: int) -> None:
    points = [Point(1, (("n", str(n)),)) for n in range(MAX_POINTS + more)]
    family = replace(gauge("x"), points=points)
    if more:
        with pytest.raises(ValueError, match="more than 10000 values"):
            checked([family])
    else:
        assert len(checked([family])[0].points) == MAX_POINTS
    assert checked([gauge("x", labels=(("a", HUGE[1:]),))])


def test_an_endless_collector_is_stopped_by_the_limit() -> None:
    def endless() -> Any:
        number = 0
        while True:
            number += 1
            yield gauge(f"x{number}")

    with pytest.raises(ValueError, match="more than"):
        checked(endless())


def test_the_agent_tells_of_collectors_of_users_and_of_those_that_failed() -> None:
    ours, theirs = gives("ours"), Collector(name="theirs", gather=list, version="1.2", source="theirs.py")
    counts = {"theirs": Counts(3), "ours": Counts(5), "odd": Counts(7, 2, 1)}
    shown = own_families([ours, theirs], counts)
    assert {
        family.name: [(dict(point.labels), point.value) for point in family.points] for family in shown
    } == {
        "fleetgauge_agent_collector_runs_total": [({"collector": "odd"}, 7), ({"collector": "theirs"}, 3)],
        "fleetgauge_agent_collector_failures_total": [
            ({"collector": "odd"}, 2),
            ({"collector": "theirs"}, 0),
        ],
        "fleetgauge_agent_collector_timeouts_total": [
            ({"collector": "odd"}, 1),
            ({"collector": "theirs"}, 0),
        ],
        "fleetgauge_agent_collector_info": [
            ({"collector": "theirs", "version": "1.2", "source": "theirs.py"}, 1)
        ],
    }
    assert own_families([ours], {"ours": Counts(5)}) == []

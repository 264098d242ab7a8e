"""Alerts that fire keep others from being told; an index finds the same as asking all of them."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.alert import Alert
from alertrules.routing.configuration import InhibitRule
from alertrules.routing.inhibition import Inhibition
from alertrules.routing.matchers import parse_matchers
from alertrules.routing.silence import match_all
from timeseries.labels import Labels

NOW_MS = 1_000_000


def rule(source: str, target: str, *equal: str) -> InhibitRule:
    return InhibitRule(source=parse_matchers(source), target=parse_matchers(target), equal=equal)


def alert(ends_ms: int = 0, **labels: str) -> Alert:
    return Alert(labels=Labels(labels), starts_ms=1, ends_ms=ends_ms)


def inhibition(rules: Sequence[InhibitRule], *alerts: Alert) -> Inhibition:
    made = Inhibition(rules)
    for each in alerts:
        made.put(each)
    return made


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ({"s": "1", "host": "a"}, {"t": "1", "host": "a"}, True),
        ({"s": "1", "host": "a"}, {"t": "1", "host": "b"}, False),
        ({"s": "1"}, {"t": "1"}, True),
        ({"s": "1"}, {"t": "1", "host": "a"}, False),
        ({"s": "2", "host": "a"}, {"t": "1", "host": "a"}, False),
        ({"s": "1", "host": "a"}, {"t": "2", "host": "a"}, False),
        # Both sides: one inhibits a plain target, but no other of both sides.
        ({"s": "1", "t": "1"}, {"t": "1"}, True),
        ({"s": "1", "t": "1"}, {"s": "1", "t": "1"}, False),
        ({"s": "1", "t": "1"}, {"s": "1", "t": "1", "z": "2"}, False),
        ({"s": "1"}, {"s": "1", "t": "1"}, True),
    ],
)
def test_a_source_inhibits_a_target_with_equal_labels(
    source: dict[str, str], target: dict[str, str], expected: bool
) -> None:
    made = inhibition([rule("s=1", "t=1", "host")], Alert(labels=Labels(source), starts_ms=1))
    assert made.is_inhibited(Labels(target), NOW_MS) is expected
    assert [one.labels for one in made.inhibitors(Labels(target), NOW_MS)] == [Labels(source)] * expected


def test_a_source_that_ended_inhibits_nothing() -> None:
    made = inhibition([rule("s=1", "t=1")], alert(NOW_MS, s="1"))
    assert made.is_inhibited(Labels({"t": "1"}), NOW_MS - 1)
    assert not made.is_inhibited(Labels({"t": "1"}), NOW_MS)


def test_a_source_may_come_again_and_be_forgotten() -> None:
    made = inhibition([rule("s=1", "t=1")], alert(1, s="1"), alert(s="1"))
    assert made.is_inhibited(Labels({"t": "1"}), NOW_MS)
    made.drop(Labels({"s": "1"}))
    made.drop(Labels({"s": "1"}))
    assert not made.is_inhibited(Labels({"t": "1"}), NOW_MS)


def test_rules_without_matchers_take_every_alert() -> None:
    made = inhibition([rule("", "t=1", "host")], alert(host="a"))
    assert made.is_inhibited(Labels({"t": "1", "host": "a"}), NOW_MS)


VALUES = st.sampled_from(["", "1", "2"])
LABELS = st.dictionaries(st.sampled_from("abc"), VALUES).map(Labels)
SIDES = st.lists(
    st.builds(lambda name, kind, value: f'{name}{kind}"{value}"',
              st.sampled_from("abc"), st.sampled_from(["=", "!=", "=~", "!~"]), VALUES),
    max_size=2,
).map(",".join)  # fmt: skip
RULES = st.lists(
    st.builds(lambda source, target, equal: rule(source, target, *equal),
              SIDES, SIDES, st.lists(st.sampled_from("abc"), max_size=2, unique=True)),
    max_size=3,
)  # fmt: skip


def naive(rules: Sequence[InhibitRule], alerts: Sequence[Alert], labels: Labels) -> set[Labels]:
    """What the documentation of Alertmanager says, alert by alert."""
    return {
        one.labels
        for each in rules
        for one in alerts
        if match_all(each.target, labels)
        and match_all(each.source, one.labels)
        and not one.is_resolved(NOW_MS)
        and all(one.labels.get(name) == labels.get(name) for name in each.equal)
        and not (match_all(each.source, labels) and match_all(each.target, one.labels))
    }


@given(RULES, st.lists(st.builds(Alert, labels=LABELS, starts_ms=st.just(1),
                                 ends_ms=st.sampled_from([0, NOW_MS, NOW_MS + 1])), max_size=6,
                       unique_by=lambda one: one.labels), LABELS, st.integers(0, 5))  # fmt: skip
def test_the_index_finds_what_asking_all_of_them_finds(
    rules: list[InhibitRule], alerts: list[Alert], labels: Labels, dropped: int
) -> None:
    made = inhibition(rules, *alerts)
    for each in alerts[:dropped]:
        made.drop(each.labels)
    left = alerts[dropped:]
    assert {one.labels for one in made.inhibitors(labels, NOW_MS)} == naive(rules, left, labels)
    assert made.is_inhibited(labels, NOW_MS) is bool(naive(rules, left, labels))


def test_many_alerts_and_rules_are_asked_without_comparing_all_with_all() -> None:
    """Of 1,000 alerts by 50 rules, each alert goes only to the rules of its team."""
    rules = [rule(f"team=t{n},severity=critical", f"team=t{n},severity=warning", "host") for n in range(50)]
    asked = 0

    def counted(test: Callable[[str], bool]) -> Callable[[str], bool]:
        def ask(value: str) -> bool:
            nonlocal asked
            asked += 1
            return test(value)

        return ask

    for matcher in (one for each in rules for one in (*each.source, *each.target)):
        object.__setattr__(matcher, "matches", counted(matcher.matches))
    alerts = [
        alert(severity=("critical", "warning")[n % 2], team=f"t{n // 2 % 50}", host=f"h{n // 2}")
        for n in range(1000)
    ]
    made = inhibition(rules, *alerts)
    inhibited = [one for one in alerts if made.is_inhibited(one.labels, NOW_MS)]
    assert len(inhibited) == 500
    assert asked < 20 * len(alerts)

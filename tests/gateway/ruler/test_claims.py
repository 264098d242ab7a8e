"""An alert that two rules raise ends once: when it has ended for both."""

from alertrules.alert import Alert
from gateway.ruler.claims import SWEEP_MS, Claims
from timeseries.labels import Labels

NOW = 1_790_000_000_000
LATER = NOW + 240_000


def alert(expr: str = "a", ends_ms: int = LATER, **labels: str) -> Alert:
    return Alert(
        labels=Labels({"alertname": "Down", **labels}), starts_ms=NOW - 1, ends_ms=ends_ms, generator_url=expr
    )


def test_an_alert_of_one_rule_passes_and_so_does_its_end() -> None:
    claims = Claims()
    assert claims.heard("g", [alert()], NOW) == [alert()]
    assert claims.heard("g", [alert(ends_ms=NOW)], NOW) == [alert(ends_ms=NOW)]
    assert claims.heard("g", [alert(ends_ms=NOW)], NOW + 1) == [alert(ends_ms=NOW)]


def test_an_end_waits_while_another_group_says_that_it_fires() -> None:
    claims = Claims()
    claims.heard("one", [alert()], NOW)
    claims.heard("two", [alert()], NOW)
    assert claims.heard("two", [alert(ends_ms=NOW)], NOW) == []
    assert claims.heard("one", [alert()], NOW) == [alert()]
    assert claims.heard("two", [alert(ends_ms=NOW), alert(host="b")], NOW) == [alert(host="b")]
    assert claims.heard("one", [alert(ends_ms=NOW)], NOW) == [alert(ends_ms=NOW)]


def test_two_rules_of_one_group_are_told_from_each_other_by_their_queries_in_any_order() -> None:
    fires, ended = alert("a"), alert("b", ends_ms=NOW)
    assert Claims().heard("g", [fires, ended], NOW) == [fires]
    assert Claims().heard("g", [ended, fires], NOW) == [fires]


def test_what_a_rule_said_counts_until_the_end_it_gave() -> None:
    claims = Claims()
    claims.heard("one", [alert()], NOW)
    ended = alert(ends_ms=NOW)
    assert claims.heard("two", [ended], LATER - 1) == []
    assert claims.heard("two", [ended], LATER) == [ended]


def test_alerts_of_rules_that_went_are_forgotten() -> None:
    claims = Claims()
    claims.heard("one", [alert()], NOW)
    claims.heard("two", [alert(host="b", ends_ms=NOW + 2 * SWEEP_MS)], NOW + SWEEP_MS - 1)
    assert len(claims) == 2
    claims.heard("two", [], NOW + SWEEP_MS)
    assert len(claims) == 1


def test_what_a_group_said_is_forgotten_when_its_rules_change_or_go() -> None:
    claims = Claims()
    claims.heard("one", [alert(), alert(host="b")], NOW)
    claims.heard("two", [alert()], NOW)
    claims.forget("one")
    ended = alert(ends_ms=NOW, host="b")
    assert claims.heard("three", [ended, alert(ends_ms=NOW)], NOW) == [ended]
    claims.forget("two")
    assert len(claims) == 0

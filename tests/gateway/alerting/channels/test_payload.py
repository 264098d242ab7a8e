"""The body of a webhook; tests/peers compares it with what a real Alertmanager sends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.alert import Alert
from gateway.alerting.channels.payload import NO_TIME, go_time, payload_of
from tests.gateway.alerting.receivers import alert, notification
from timeseries.labels import Labels


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_reads_back_as_it_was(ms: int) -> None:
    read = datetime.fromisoformat(go_time(ms))
    assert read.tzinfo is UTC
    assert round(read.timestamp() * 1000) == ms


@pytest.mark.parametrize(
    ("ms", "written"),
    [(0, "1970-01-01T00:00:00Z"), (1_500, "1970-01-01T00:00:01.5Z"), (1_005, "1970-01-01T00:00:01.005Z")],
)
def test_a_fraction_has_no_zeros_at_its_end(ms: int, written: str) -> None:
    assert go_time(ms) == written


def test_an_alert_that_fires_has_no_end_and_one_that_ended_has() -> None:
    firing, ended = payload_of(notification(alert(), alert("Other", ended=True)))["alerts"]
    assert (firing["status"], firing["endsAt"]) == ("firing", NO_TIME)
    assert (ended["status"], ended["endsAt"]) == ("resolved", "2026-09-21T14:13:19Z")


@pytest.mark.parametrize(("limit", "told", "left_out"), [(0, 3, 0), (2, 2, 1), (3, 3, 0), (4, 3, 0)])
def test_so_many_alerts_are_told_and_the_others_are_counted(limit: int, told: int, left_out: int) -> None:
    body = payload_of(notification(alert("A"), alert("B"), alert("C")), max_alerts=limit)
    assert (len(body["alerts"]), body["truncatedAlerts"]) == (told, left_out)


def test_the_status_is_that_of_the_alerts_that_are_told() -> None:
    body = payload_of(notification(alert("A", ended=True), alert("B")), max_alerts=1)
    assert body["status"] == "resolved"


def test_common_is_what_all_alerts_have_with_the_same_value() -> None:
    first = alert("A", labels={"team": "x"}, annotations=Labels({"summary": "s", "only": "here"}))
    second = alert("B", labels={"team": "y"}, annotations=Labels({"summary": "s"}))
    body = payload_of(notification(first, second))
    assert body["commonLabels"] == {"host": "db-1"}
    assert body["commonAnnotations"] == {"summary": "s"}


def test_the_name_of_the_receiver_is_escaped_as_for_an_expression() -> None:
    assert payload_of(notification(receiver="team.x-1 (a)"))["receiver"] == r"team\.x-1 \(a\)"


def test_evidence_and_a_test_are_told_only_where_they_are() -> None:
    plain = payload_of(notification())
    told = payload_of(notification(alert(evidence={"top": ["java"]}), is_test=True))
    assert "test" not in plain
    assert "evidence" not in plain["alerts"][0]
    assert (told["test"], told["alerts"][0]["evidence"]) == (True, {"top": ["java"]})


def test_nothing_at_all_has_a_shape_too() -> None:
    body = payload_of(notification(Alert(labels=Labels(), starts_ms=0)))
    assert (body["commonLabels"], body["groupLabels"], body["alerts"][0]["generatorURL"]) == ({}, {}, "")

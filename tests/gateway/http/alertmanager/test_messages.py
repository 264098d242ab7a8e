"""Alerts and silences in JSON, read and written."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.alert import Alert
from alertrules.routing.silence import Silence
from gateway.http.alertmanager.messages import (
    MAX_ALERTS,
    MAX_LABELS,
    MAX_TEXT,
    ZERO,
    BadMessage,
    alert_row,
    posted_alerts,
    posted_silence,
    silence_row,
    time_text,
)
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

NOW_MS = 1795230000000
GOOD = {"labels": {"alertname": "A"}}
SILENCE = {
    "matchers": [{"name": "a", "value": "b", "isRegex": False, "isEqual": True}],
    "startsAt": "2026-11-21T03:00:00Z",
    "endsAt": "2026-11-21T04:00:00+00:00",
    "createdBy": "ann",
    "comment": "work",
}


def alerts(*rows: object) -> tuple[list[Alert], list[str]]:
    return posted_alerts(json.dumps(rows).encode(), NOW_MS + 300_000)


def test_an_alert_is_read_with_all_that_it_says() -> None:
    row = {
        "labels": {"alertname": "A", "empty": ""},
        "annotations": {"summary": "s"},
        "startsAt": "2026-11-21T03:00:00.123456789Z",
        "endsAt": "2026-11-21T05:00:00+01:00",
        "generatorURL": "http://p/graph",
    }
    [found], problems = alerts(row)
    assert problems == []
    assert found == Alert(
        labels=Labels({"alertname": "A"}),
        annotations=Labels({"summary": "s"}),
        starts_ms=1795230000123,
        ends_ms=1795233600000,
        generator_url="http://p/graph",
    )


@pytest.mark.parametrize("time", [None, "", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"])
def test_a_time_that_is_not_given_is_zero(time: str | None) -> None:
    [found], _ = alerts(GOOD | {"startsAt": time, "endsAt": time})
    assert (found.starts_ms, found.ends_ms) == (0, 0)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (1, "must be an object"),
        ({}, "at least one label"),
        ({"labels": {"a": ""}}, "at least one label"),
        ({"labels": []}, "at least one label"),
        ({"labels": [1]}, "labels: must be an object"),
        ({"labels": {"a": 1}}, "labels: must be an object of texts"),
        ({"labels": {"a-b": "c"}}, '"a-b" is no name'),
        ({"labels": {"a": "\ud800"}}, "UTF-8"),
        (GOOD | {"annotations": "x"}, "annotations"),
        (GOOD | {"startsAt": "tomorrow"}, "startsAt: must be a time"),
        (GOOD | {"startsAt": 5}, "startsAt: must be a time"),
        (GOOD | {"startsAt": "2026-11-21T03:00:00"}, "startsAt: must be a time"),
        (GOOD | {"startsAt": "2026-11-21T03:00:00Z", "endsAt": "2026-11-21T02:00:00Z"}, "must be before"),
        (GOOD | {"startsAt": "2026-11-21T03:05:00.001Z"}, "must be before"),
        (GOOD | {"generatorURL": 7}, "generatorURL"),
    ],
)
def test_a_bad_alert_is_told_and_costs_no_other(row: object, words: str) -> None:
    found, [problem] = alerts(row, GOOD)
    assert len(found) == 1
    assert problem.startswith("alert 0: ")
    assert words in problem


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"null", b"[" * 100_000, b"\xff"])
def test_what_is_no_list_of_alerts_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        posted_alerts(body, 0)


def test_the_limits_of_alerts() -> None:
    assert len(alerts(*[GOOD] * MAX_ALERTS)[0]) == MAX_ALERTS
    with pytest.raises(BadMessage, match="more than"):
        alerts(*[GOOD] * (MAX_ALERTS + 1))
    many = {f"a{number}": "x" for number in range(MAX_LABELS)}
    assert alerts({"labels": many})[1] == []
    assert alerts({"labels": many | {"b": "x"}})[0] == []
    assert alerts({"labels": {"a": "x" * MAX_TEXT}})[1] == []
    assert alerts({"labels": {"a": "x" * (MAX_TEXT + 1)}})[0] == []
    assert alerts({"labels": {"a" * MAX_TEXT: "x"}})[1] == []
    assert alerts({"labels": {"a" * (MAX_TEXT + 1): "x"}})[0] == []


def test_a_silence_is_read_and_shown_again() -> None:
    found = posted_silence(json.dumps(SILENCE).encode())
    assert (found.id, found.created_by, found.ends_ms - found.starts_ms) == ("", "ann", 3_600_000)
    shown = silence_row(found, found.starts_ms)
    assert shown["status"] == {"state": "active"}
    assert shown["matchers"] == SILENCE["matchers"]
    assert shown["startsAt"] == "2026-11-21T03:00:00.000Z"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"matchers": "x"}, "matchers"),
        ({"matchers": [7]}, "matchers"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, "matchers"),
        ({"matchers": [{"name": "a b", "value": "x", "isRegex": False}]}, '"a b" is no name'),
        ({"matchers": [{"name": "a", "value": "x"}]}, "isRegex is required"),
        ({"matchers": [{"name": "a", "isRegex": False}]}, "value is required"),
        ({"matchers": [{"name": None, "value": "x", "isRegex": False}]}, "name is required"),
        ({"matchers": [{"name": "a", "value": "x", "isRegex": "no"}]}, "isRegex"),
        ({"comment": None}, "comment is required"),
        ({"startsAt": None}, "startsAt is required"),
        ({"endsAt": "never"}, "endsAt"),
    ],
)
def test_a_bad_silence_is_told(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadMessage, match=words):
        posted_silence(json.dumps(SILENCE | change).encode())


def test_a_matcher_is_for_what_is_equal_unless_it_says_otherwise() -> None:
    matcher = {"name": "a", "value": "b", "isRegex": False}
    for more in ({}, {"isEqual": None}, {"isEqual": True}):
        body = json.dumps(SILENCE | {"matchers": [matcher | more]}).encode()
        assert posted_silence(body).matchers == (Matcher(name="a", type=MatchType.EQUAL, value="b"),)


@pytest.mark.parametrize("name", ["startsAt", "endsAt", "createdBy", "comment"])
def test_a_silence_needs_all_of_its_fields(name: str) -> None:
    with pytest.raises(BadMessage, match=f"{name} is required"):
        posted_silence(json.dumps({key: value for key, value in SILENCE.items() if key != name}).encode())


@given(
    st.sampled_from(list(MatchType)),
    st.integers(0, 1 << 41),
    st.integers(0, 1 << 41),
    st.text(st.characters(codec="utf-8"), max_size=20),
)
def test_a_silence_survives_the_way_out_and_in(kind: MatchType, starts: int, ends: int, text: str) -> None:
    value = "a.b" if kind in (MatchType.REGEX, MatchType.NOT_REGEX) else text
    before = Silence(
        id="x",
        matchers=(Matcher(name="n", type=kind, value=value),),
        starts_ms=starts,
        ends_ms=ends,
        updated_ms=0,
        created_by=text,
        comment=text,
    )
    assert posted_silence(json.dumps(silence_row(before, 0)).encode()) == before


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_garbage_is_refused_and_nothing_else(body: bytes) -> None:
    for read in (lambda: posted_alerts(body, 0), lambda: posted_silence(body)):
        with suppress(BadMessage):
            read()


def test_an_alert_is_shown_as_alertmanager_does() -> None:
    alert = Alert(labels=Labels({"alertname": "A"}), starts_ms=1795230000123, ends_ms=0)
    row: dict[str, Any] = alert_row(
        alert, state="suppressed", silenced_by=["s"], inhibited_by=[], receivers=["team"]
    )
    assert row["receivers"] == [{"name": "team"}]
    assert row["status"] == {"inhibitedBy": [], "silencedBy": ["s"], "state": "suppressed"}
    assert (row["startsAt"], row["endsAt"]) == ("2026-11-21T03:00:00.123Z", ZERO)
    assert not {"evidence", "generatorURL"} & set(row)
    shown = alert_row(
        alert.changed(evidence={"summary": "x"}),
        state="active",
        silenced_by=[],
        inhibited_by=[],
        receivers=[],
    )
    assert shown["evidence"] == {"summary": "x"}


@pytest.mark.parametrize("offset", ["-23:59", "-00:01", "+00:00", "+23:59"])
@pytest.mark.parametrize("year", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999"])
def test_each_time_that_is_taken_can_be_written(year: str, offset: str) -> None:
    body = json.dumps([{"labels": {"a": "b"}, "endsAt": year + offset}]).encode()
    alerts, problems = posted_alerts(body, 0)
    assert len(alerts) + len(problems) == 1
    for alert in alerts:
        assert time_text(alert.ends_ms) in (
            ZERO,
            f"{datetime.fromisoformat(year + offset).astimezone(UTC):%Y-%m-%dT%H:%M:%S}.999Z",
        )


def test_times_are_written_with_ms() -> None:
    assert time_text(1795230000000) == "2026-11-21T03:00:00.000Z"

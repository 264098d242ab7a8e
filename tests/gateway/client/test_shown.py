"""Answers as tables, CSV and charts."""

import csv
import io
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.client.answers import Answer, Line, Point, answer_of
from gateway.client.chart import MAX_LINES, ROWS, Span, chart
from gateway.client.errors import QueryFailed
from gateway.client.tables import comma_separated, table
from tests import strategies

SPAN = Span(start_s=1_790_000_000, end_s=1_790_000_100, step_s=1)
BUCKETS = [[0, "0.5", "1", "2"], [3, "-0.001", "0.001", "1"]]


def vector(*series: tuple[dict[str, str], str]) -> Answer:
    """Return the answer of a server with one value for each series."""
    result = [{"metric": labels, "value": [1_790_000_000, value]} for labels, value in series]
    return answer_of({"data": {"resultType": "vector", "result": result}}, b"")


def lines(*values: list[float], step: int = 1) -> Answer:
    """Return series whose points are a step apart."""
    return Answer(
        raw=b"",
        ranged=True,
        lines=[
            Line(
                labels={"__name__": "load", "host": str(number)},
                points=[Point(SPAN.start_s + step * at, str(value)) for at, value in enumerate(row)],
            )
            for number, row in enumerate(values)
        ],
    )


def test_a_table_lines_up() -> None:
    answer = vector(
        ({"__name__": "up", "job": "node", "city": "東京"}, "1"),
        ({"__name__": "up", "city": "e\u0301"}, "0.25"),
    )
    assert table(answer) == (
        "__name__  city  job   value\nup        東京  node      1\nup        e\u0301            0.25\n"
    )


def test_a_table_can_not_steer_the_terminal() -> None:
    assert table(vector(({"job": "\x1b[2J\n\u202e"}, "1"))).splitlines()[1] == "\\x1b[2J\\n\\u202e      1"


@pytest.mark.parametrize(
    ("kind", "result", "text"),
    [
        ("scalar", [1_790_000_000.5, "2"], "value\n    2\n"),
        ("string", [1_790_000_000.5, "x"], "value\n    x\n"),
        (
            "matrix",
            [
                {
                    "metric": {},
                    "values": [[1.5, "1"], [3, "2"]],
                    "histograms": [[2, {"count": "3", "sum": "4"}]],
                }
            ],
            "1970-01-01T00:00:01.500Z 1\n1970-01-01T00:00:02Z {count:3, sum:4}\n1970-01-01T00:00:03Z 2\n",
        ),
        (
            "vector",
            [{"metric": {}, "histogram": [2, {"count": "3", "sum": "4", "buckets": BUCKETS}]}],
            "{count:3, sum:4, (0.5,1]:2, [-0.001,0.001]:1}\n",
        ),
    ],
)
def test_every_type_of_answer_is_shown(kind: str, result: Any, text: str) -> None:
    shown = table(answer_of({"data": {"resultType": kind, "result": result}}, b""))
    assert re.sub(" +", " ", shown).endswith(re.sub(" +", " ", text))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"data": []},
        {"data": {"resultType": "vector", "result": [{}]}},
        {"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[1]]}]}},
        {"data": {"resultType": "tensor", "result": []}},
    ],
)
def test_what_is_no_answer_is_told(content: dict[str, Any]) -> None:
    with pytest.raises(QueryFailed, match="not one of Prometheus' API"):
        answer_of(content, b"")


@given(st.lists(st.dictionaries(strategies.label_names, strategies.label_values, max_size=3), max_size=4))
def test_csv_can_be_read_back(series: list[dict[str, str]]) -> None:
    text = comma_separated(vector(*((labels, "1.5") for labels in series)))
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header[0] == "time"
    assert header[-1] == "value"
    found = [
        {name: value for name, value in zip(header[1:-1], row[1:-1], strict=True) if value} for row in rows
    ]
    assert found == series
    assert all((row[0], row[-1]) == ("2026-09-21T14:13:20Z", "1.5") for row in rows)


def dots_of(text: str) -> list[str]:
    """Return the rows of a chart behind its axis."""
    return [re.split("[┤│]", row, maxsplit=1)[1] for row in text.splitlines()[:ROWS]]


def test_a_line_that_rises_runs_from_the_lower_left_to_the_upper_right() -> None:
    text = chart(lines([float(at) for at in range(101)]), SPAN, width=60, colour=False)
    rows = dots_of(text)
    ends = [len(row) for row in rows]
    starts = [len(row) - len(row.lstrip()) for row in rows]
    assert ends == sorted(ends, reverse=True)
    assert starts == sorted(starts, reverse=True)
    assert (starts[-1], ends[0]) == (0, 60 - len("100") - 2)
    labels = [row.split("┤")[0].strip() for row in text.splitlines()[:ROWS] if "┤" in row]
    assert labels == ["100", "50", "0"]
    assert text.splitlines()[-1] == '⣀ load{host="0"}  min 0  max 100  last 100'


def test_the_times_stand_below() -> None:
    text = chart(lines([1.0, 2.0]), SPAN, width=60, colour=False)
    assert (
        re.sub(" +", " ", text.splitlines()[ROWS + 1]).strip() == "2026-09-21 14:13:20 14:14:10 14:15:00 UTC"
    )
    days = Span(start_s=SPAN.start_s, end_s=SPAN.start_s + 3 * 86_400, step_s=600)
    text = chart(lines([1.0, 2.0]), days, width=80, colour=False)
    assert (
        re.sub(" +", " ", text.splitlines()[ROWS + 1]).strip()
        == "2026-09-21 14:13:20 09-23 02:13 09-24 14:13 UTC"
    )


def test_a_gap_stays_a_gap() -> None:
    whole = lines([5.0] * 101)
    [line] = whole.lines
    torn = [point for point in line.points if not 30 < point.seconds - SPAN.start_s < 70]
    answer = Answer(raw=b"", ranged=True, lines=[Line(labels={}, points=torn)])
    [row] = [row for row in dots_of(chart(answer, SPAN, width=100, colour=False)) if row]
    assert "  " * 15 in row
    [row] = [row for row in dots_of(chart(whole, SPAN, width=100, colour=False)) if row]
    assert " " not in row


def test_each_of_several_lines_ends_in_its_letter_and_has_a_colour() -> None:
    answer = lines([1.0] * 101, [1.0] * 101, [9.0] * 101)
    text = chart(answer, SPAN, width=80, colour=False)
    assert "\x1b" not in text
    marks = [row[-1] for row in dots_of(text) if row and row[-1] in "ABC"]
    assert sorted(marks) == ["A", "B", "C"]
    assert [row[0] for row in text.splitlines()[-3:]] == ["A", "B", "C"]
    coloured = chart(answer, SPAN, width=80, colour=True)
    assert coloured != text
    assert re.sub(r"\x1b\[[0-9]+m", "", coloured) == text


def test_more_lines_than_letters_are_counted() -> None:
    text = chart(lines(*[[float(number)] for number in range(MAX_LINES + 2)]), SPAN, width=80, colour=False)
    assert text.splitlines()[-1].startswith("… and 2 more series.")
    text = chart(lines(*[[float(number)] for number in range(MAX_LINES)]), SPAN, width=80, colour=False)
    assert text.splitlines()[-1].startswith("Z ")


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf], [1.7e308]])
def test_where_nothing_can_be_drawn_there_is_no_chart(values: list[float]) -> None:
    assert chart(lines(values), SPAN, width=80, colour=False) == ""


@given(
    st.lists(st.lists(st.floats(), max_size=20), max_size=4),
    st.integers(1, 200),
    st.sampled_from([0.0, 1.0, 1e9]),
)
def test_any_values_fit_the_chart(values: list[list[float]], width: int, seconds: float) -> None:
    span = Span(start_s=SPAN.start_s, end_s=SPAN.start_s + seconds, step_s=max(seconds / 20, 0.001))
    text = chart(lines(*values, step=0), span, width=width, colour=False)
    if text:
        rows = dots_of(text)
        assert len(rows) == ROWS
        assert any(row.strip() for row in rows)
        margin = len(text.splitlines()[ROWS].partition("└")[0]) + 1
        assert all(len(row) <= max(width - margin, 20) for row in rows)

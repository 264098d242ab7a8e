"""Scripts as commands: what belongs to which block, and what is refused."""

import pytest

from tests.promqltest.points import Point
from tests.promqltest.samples import Sample, custom_histograms
from tests.promqltest.script import (
    ANY,
    Broken,
    Clear,
    Eval,
    Load,
    Message,
    Times,
    parse_script,
    parse_series,
)
from tests.promqltest.shape import Shape
from timeseries.histogram import CUSTOM_SCHEMA
from timeseries.labels import Labels


def load_of(text: str) -> Load:
    [command] = parse_script(text)
    assert isinstance(command, Load)
    return command


def eval_of(text: str) -> Eval:
    [command] = parse_script(text)
    assert isinstance(command, Eval)
    return command


def problem_of(text: str) -> str:
    [command] = parse_script(text)
    assert isinstance(command, Broken)
    return command.problem


def test_a_whole_script() -> None:
    load, first, clear, second = parse_script(
        """
        # what is there
        load 30s
          up{job="a"} 1 2

        eval instant at 1m up
          up{job="a"} 2
        # a comment ends a block, too
        clear
        eval range from 0 to 1m step 30s up"""
    )
    assert isinstance(load, Load)
    assert load.series == {Labels({"__name__": "up", "job": "a"}): [Sample(0, 1), Sample(30_000, 2)]}
    assert isinstance(first, Eval)
    assert (first.line, first.query, first.instant) == (6, "up", True)
    assert first.times.start_ms == 60_000
    assert first.expected.series == {Labels({"__name__": "up", "job": "a"}): [2]}
    assert isinstance(clear, Clear)
    assert isinstance(second, Eval)
    assert not second.instant
    assert second.times == Times(start_ms=0, end_ms=60_000, step_ms=30_000)


@pytest.mark.parametrize(
    ("text", "labels", "start", "rest"),
    [
        ("up 1", {"__name__": "up"}, False, " 1"),
        ("up{} 1", {"__name__": "up"}, False, " 1"),
        ("{} 1", {}, False, " 1"),
        ('{"http.requests", le="1"} 1', {"__name__": "http.requests", "le": "1"}, False, " 1"),
        ('up{a="}", b=\'{\', c=`"`} _', {"__name__": "up", "a": "}", "b": "{", "c": '"'}, False, " _"),
        ("up {{count:1}}", {"__name__": "up"}, False, " {{count:1}}"),
        ("up@st -1m", {"__name__": "up"}, True, " -1m"),
        ('up{a="b"}@st -1m', {"__name__": "up", "a": "b"}, True, " -1m"),
    ],
)
def test_where_a_series_ends(text: str, labels: dict[str, str], start: bool, rest: str) -> None:
    assert parse_series(text) == (Labels(labels), start, rest)


def test_start_times_belong_to_the_samples_after_them() -> None:
    load = load_of("load 1m\n  up@st -30s _ -1m\n  up 1 2 3\n  down 1")
    assert load.series[Labels({"__name__": "up"})] == [
        Sample(0, 1, -30_000),
        Sample(60_000, 2),
        Sample(120_000, 3, 60_000),
    ]
    assert load.series[Labels({"__name__": "down"})] == [Sample(0, 1)]


def test_start_times_must_fit() -> None:
    assert "2 start times for 3 samples" in problem_of("load 1m\n  up@st -1mx1\n  up 1 2 3")
    assert "without samples: up" in problem_of("load 1m\n  up@st -1m")


def test_all_expectations() -> None:
    expected = eval_of(
        """eval instant at 0 up
             expect fail
             expect warn msg: one thing (1:1)
             expect warn regex: thing|other
             expect info
             expect no_warn
             expect no_info
             expect ordered
             up 1
             {} {{count:2}}"""
    ).expected
    assert expected.fail == [ANY]
    assert expected.warn == [Message("one thing (1:1)", False), Message("thing|other", True)]
    assert expected.info == [ANY]
    assert (expected.no_warn, expected.no_info, expected.ordered) == (True, True, True)
    wanted: list[list[Point]] = [[1], [Shape(count=2)]]
    assert list(expected.series.values()) == wanted


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("eval_fail instant at 0 up", "fail", [ANY]),
        ("eval_warn instant at 0 up", "warn", [ANY]),
        ("eval_info range from 0 to 1 step 1 up", "info", [ANY]),
        ("eval_ordered instant at 0 up", "ordered", True),
        ("eval_fail instant at 0 up\n expected_fail_message no", "fail", [Message("no", False)]),
        ("eval_fail instant at 0 up\n expected_fail_regexp n.", "fail", [Message("n.", True)]),
        ("eval instant at 0 1\n 0x10", "scalar", 16),
        ("eval instant at 0 1\n NaNo 1", "series", {Labels({"__name__": "NaNo"}): [1]}),
        ("eval instant at 0 1\n expect string ' a\\n'", "string", " a\n"),
        ("eval instant at 0 1\n expect{} 1", "series", {Labels({"__name__": "expect"}): [1]}),
        (
            "eval instant at 1m up[1m]\n expect range vector from 10s to 1m step 10s",
            "window",
            Times(start_ms=10_000, end_ms=60_000, step_ms=10_000),
        ),
    ],
)
def test_other_ways_to_expect(text: str, field: str, value: object) -> None:
    assert getattr(eval_of(text).expected, field) == value


@pytest.mark.parametrize(
    "text",
    [
        "loaf 1m",
        "load",
        "load 1m 2m",
        "load 1m\n  up 1 two",
        "load 1m\n  up{a!='b'} 1",
        "load 1m\n  up{a='b' 1",
        "eval instant",
        "eval range from 0 to 1m up",
        "eval instant at 0 up\n  expect nothing",
        "eval instant at 0 up\n  up 1 2",
        "eval instant at 0 up\n  expect warn regex: (",
        "load_with_nhcb 1m\n  h_bucket{le='1'} 3\n  h_bucket{le='+Inf'} 2",
        "load_with_nhcb 1m\n  h_bucket{le='1'} 3\n  h_bucket{le='2'} 2\n  h_bucket{le='+Inf'} 4",
        "load_with_nhcb 1m\n  h_bucket{le='+Inf'} 4\n  h_count 5",
    ],
)
def test_a_broken_block_is_named_and_the_next_one_is_read(text: str) -> None:
    broken, after = parse_script(f"{text}\n\nclear")
    assert isinstance(broken, Broken)
    assert isinstance(after, Clear)


def test_a_message_is_the_whole_text_and_a_pattern_a_piece() -> None:
    assert not Message("thing", pattern=False).fits("one thing")
    assert Message("thing", pattern=False).fits("thing")
    assert Message("th.ng", pattern=True).fits("one thing more")
    assert not Message("th.ng$", pattern=True).fits("one thing more")


def test_classic_histograms_become_native_ones() -> None:
    load = load_of(
        """load_with_nhcb 1m
             h_bucket{a="b",le="1"} 1 2
             h_bucket{a="b",le="5"} 1 4
             h_bucket{a="b",le="+Inf"} 3 4
             h_sum{a="b"} 7.5 9
             h_count{a="b"} 3 4
             other 1 2"""
    )
    assert len(load.series) == 7
    first, second = load.series[Labels({"__name__": "h", "a": "b"})]
    assert first == Sample(
        0,
        Shape(schema=CUSTOM_SCHEMA, count=3, sum=7.5, positive={0: 1, 1: 0, 2: 2}, custom_values=(1, 5)),
    )
    assert isinstance(second.value, Shape)
    assert second.value.positive == {0: 2, 1: 2, 2: 0}


def test_a_classic_histogram_without_count_or_last_bucket() -> None:
    bucket = Labels({"__name__": "h_bucket", "le": "2"})
    [samples] = custom_histograms({bucket: [Sample(0, 5)]}).values()
    assert samples == [
        Sample(0, Shape(schema=CUSTOM_SCHEMA, count=5, positive={0: 5, 1: 0}, custom_values=(2,)))
    ]


def test_a_sum_or_a_count_alone_is_a_histogram_with_one_bucket() -> None:
    total, count = (Labels({"__name__": f"h_{name}"}) for name in ("sum", "count"))
    [samples] = custom_histograms({total: [Sample(0, 5)]}).values()
    assert samples == [Sample(0, Shape(schema=CUSTOM_SCHEMA, sum=5, positive={0: 0}))]
    [samples] = custom_histograms({count: [Sample(0, 5)]}).values()
    assert samples == [Sample(0, Shape(schema=CUSTOM_SCHEMA, count=5, positive={0: 5}))]

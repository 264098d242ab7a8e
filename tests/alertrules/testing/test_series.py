"""Series as unit tests write them: the same as the test language of queries has them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.testing import series
from alertrules.testing.series import MAX_POINTS, Point, parse_points, parse_series
from promql.histograms.model import FloatHistogram
from tests.promqltest import points as plain
from tests.promqltest.shape import Shape
from timeseries.labels import Labels
from timeseries.stale import is_stale

_NUMBERS = st.sampled_from(("0", "1", "2.5", "1e3", ".5", "-3", "+4", "Inf", "-inf", "NaN"))
_STEPS = st.sampled_from(("", "+1", "-2", "+0.1"))
_TIMES = st.sampled_from(("", "x0", "x1", "x7"))
_HISTOGRAMS = st.sampled_from(
    (
        "{{schema:1 count:2 sum:3 buckets:[1 1]}}",
        "{{schema:0 count:4 z_bucket:1 z_bucket_w:0.001 offset:-2 buckets:[1 0 2] n_buckets:[3]}}",
        "{{schema:-53 custom_values:[5 10] count:3 buckets:[1 2 0] counter_reset_hint:gauge}}",
        "{{}}",
    )
)
_PIECES = st.one_of(
    st.tuples(_NUMBERS, _STEPS, _TIMES).map("".join),
    st.tuples(st.sampled_from(("_", "stale")), _TIMES).map("".join),
    st.tuples(_HISTOGRAMS, _TIMES).map("".join),
)


def _shown(point: Point | Shape) -> object:
    if isinstance(point, FloatHistogram):
        return str(Shape.of(point))
    if isinstance(point, Shape):
        return str(point)
    return None if point is None else "stale" if is_stale(point) else repr(point)


@given(st.lists(_PIECES, max_size=5).map(" ".join))
def test_values_are_read_as_the_test_language_of_queries_reads_them(text: str) -> None:
    assert [*map(_shown, parse_points(text))] == [*map(_shown, plain.parse_points(text))]


def test_histograms_grow_bucket_by_bucket() -> None:
    text = "{{schema:1 count:2 buckets:[1 1]}}+{{schema:1 count:1 buckets:[0 1]}}x2"
    assert [point.count for point in parse_points(text) if isinstance(point, FloatHistogram)] == [2, 3, 4]
    with pytest.raises(ValueError, match="with and without custom buckets"):
        parse_points("{{schema:1}}+{{schema:-53 custom_values:[1] buckets:[1]}}x1")


def test_rounding_adds_up_as_in_prometheus() -> None:
    last = parse_points("0+0.1x10")[-1]
    assert last == 0.9999999999999999


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 two", "two is no value"),
        ("1x", "1x is no value"),
        ("1+1 x3", "x3 is no value"),
        ("{{count:}}", "is no histogram"),
        ("{{count:1 count:2}}", "is no histogram"),
        ("{{size:1}}", "a histogram has no size; it may have buckets,"),
        ("{{counter_reset_hint:maybe}}", "there is no counter_reset_hint maybe"),
        ("{{schema:one}}", "could not convert"),
    ],
)
def test_values_that_are_none_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("(", r"\(")):
        parse_points(text)


def test_a_series_may_have_so_many_values_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_POINTS == 1_000_000
    monkeypatch.setattr(series, "MAX_POINTS", 10)
    assert len(parse_points("1x4 2x4")) == 10
    for text in ("1x4 2x5", "0x999999999999999999999", "_x11"):
        with pytest.raises(ValueError, match="more than 10 values"):
            parse_points(text)


def test_labels_of_series() -> None:
    assert parse_series('up{job="a"}') == Labels({"__name__": "up", "job": "a"})
    assert parse_series("") == parse_series("{ }") == Labels()
    for text in ("up{", 'up{job!="a"}', 'up{a="1",a="2"}', "sum(up)"):
        with pytest.raises(ValueError, match="is no series"):
            parse_series(text)


def test_special_numbers() -> None:
    first, second = parse_points("+Inf nan")
    assert first == math.inf
    assert isinstance(second, float)
    assert math.isnan(second)

"""Aggregations: against sums and orders made step by step, and the corners that are Prometheus' own."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.context import Context
from promql.errors import EvaluationError
from promql.histograms.model import FloatHistogram
from promql.language.ast import Aggregate
from promql.operators.aggregation import aggregate
from promql.operators.grouping import RUN
from promql.operators.sampling import packed, xxh64
from promql.values import Scalar, Vector
from tests.promql.vectors import (
    NUMBER,
    SPAN,
    STEPS,
    assert_close,
    context,
    floats_of,
    rows_of,
    samples_at,
    small_floats,
    vector,
    vectors,
)
from timeseries.labels import Labels

H = FloatHistogram(count=2.0, sum=4.0)


def node(op: str, *labels: str, without: bool = False, param: bool = False) -> Aggregate:
    return Aggregate(
        span=SPAN, op=op, expr=NUMBER, param=NUMBER if param else None, labels=labels, without=without
    )


def run(
    op: str,
    series: Vector,
    *labels: str,
    without: bool = False,
    param: Scalar | str | None = None,
    within: Context | None = None,
) -> Vector:
    found = node(op, *labels, without=without, param=param is not None)
    return aggregate(found, series, param, within or context(series.present.shape[1]))


def one_group(*samples: float | FloatHistogram) -> Vector:
    return vector({Labels({"i": f"{number:05}"}): [own] for number, own in enumerate(samples)}, 1)


def only(series: Vector) -> float:
    (value,) = floats_of(samples_at(series, 0)).values()
    return value


# --- aggregations to one sample, step by step ---


def _least(values: Sequence[float]) -> float:
    numbers = [value for value in values if not math.isnan(value)]
    return min(numbers, default=math.nan)


def _greatest(values: Sequence[float]) -> float:
    numbers = [value for value in values if not math.isnan(value)]
    return max(numbers, default=math.nan)


def _sum(values: Sequence[float]) -> float:
    if not all(map(math.isfinite, values)):
        return sum(value for value in values if not math.isfinite(value))
    return float(sum(map(Fraction, values)))


def _mean(values: Sequence[float]) -> float:
    if not all(map(math.isfinite, values)):
        return _sum(values)
    return float(sum(map(Fraction, values)) / len(values))


def _variance(values: Sequence[float]) -> float:
    if not all(map(math.isfinite, values)):
        return math.nan
    exact = list(map(Fraction, values))
    mean = sum(exact) / len(exact)
    return float(sum((value - mean) ** 2 for value in exact) / len(exact))


NAIVE: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": _sum,
    "avg": _mean,
    "min": _least,
    "max": _greatest,
    "count": lambda values: float(len(values)),
    "group": lambda _values: 1.0,
    "stdvar": _variance,
    "stddev": lambda values: math.sqrt(_variance(values)),
}
moderate = st.sampled_from([0.0, math.inf, -math.inf, math.nan, 1e100, -1e100, 0.1]) | small_floats
groupings = st.tuples(st.lists(st.sampled_from(["a", "b", "__name__"]), unique=True), st.booleans())


def key(labels: Labels, names: Sequence[str], without: bool) -> Labels:
    return labels.dropping({*names, "__name__"}) if without else labels.keeping(names)


def grouped(series: Vector, step: int, names: Sequence[str], without: bool) -> dict[Labels, list[float]]:
    found: dict[Labels, list[float]] = {}
    for labels, value in floats_of(samples_at(series, step)).items():
        found.setdefault(key(labels, names, without), []).append(value)
    return found


@given(vectors(moderate), groupings, st.sampled_from(list(NAIVE)))
def test_groups_are_reduced_as_they_would_be_step_by_step(
    series: Vector, grouping: tuple[list[str], bool], op: str
) -> None:
    names, without = grouping
    found = run(op, series, *names, without=without)
    for step in range(STEPS):
        wanted = {
            labels: NAIVE[op](values) for labels, values in grouped(series, step, names, without).items()
        }
        assert_close(samples_at(found, step), wanted)


def naive_quantile(quantile: float, values: list[float]) -> float:
    if math.isnan(quantile):
        return math.nan
    if not 0 <= quantile <= 1:
        return math.copysign(math.inf, quantile)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = quantile * (len(ordered) - 1)
    lower = math.floor(rank)
    upper = min(lower + 1, len(ordered) - 1)
    weight = rank - lower
    return ordered[lower] * (1 - weight) + ordered[upper] * weight


quantiles = st.sampled_from([0.0, 0.5, 1.0, -0.1, 1.1, math.nan, math.inf]) | st.floats(0, 1)


@given(vectors(), groupings, st.lists(quantiles, min_size=STEPS, max_size=STEPS))
def test_quantiles_lie_between_sorted_values(
    series: Vector, grouping: tuple[list[str], bool], wanted: list[float]
) -> None:
    names, without = grouping
    found = run("quantile", series, *names, without=without, param=np.array(wanted))
    for step, quantile in enumerate(wanted):
        groups = grouped(series, step, names, without)
        assert_close(
            samples_at(found, step),
            {labels: naive_quantile(quantile, values) for labels, values in groups.items()},
        )


@pytest.mark.parametrize("size", [RUN, RUN + 1, 3 * RUN * RUN])
def test_large_groups_lose_no_small_numbers(size: int) -> None:
    samples = [1e100, *([1.0] * size), -1e100]
    assert only(run("sum", one_group(*samples))) == size
    assert only(run("avg", one_group(*samples))) == size / (size + 2)


def test_the_mean_of_large_numbers_is_a_number() -> None:
    large = 9.988465674311579e307
    assert only(run("sum", one_group(large, large, large))) == math.inf
    assert only(run("avg", one_group(large, large, large))) == pytest.approx(large)
    assert only(run("avg", one_group(-large, -large, large, large))) == 0
    assert only(run("avg", one_group(large, large, math.inf))) == math.inf


def test_equal_values_do_not_deviate_at_all() -> None:
    assert only(run("stddev", one_group(*[1.33] * 100))) == 0


# --- histograms ---


def test_histograms_are_added_and_averaged() -> None:
    for op, count in (("sum", 4.0), ("avg", 2.0)):
        (found,) = samples_at(run(op, one_group(H, H)), 0).values()
        assert isinstance(found, FloatHistogram)
        assert found.count == count


@pytest.mark.parametrize("op", ["sum", "avg"])
def test_floats_and_histograms_can_not_be_added(op: str) -> None:
    within = context(1)
    assert rows_of(run(op, one_group(H, 1.0), within=within)) == {}
    assert within.annotations.warnings("x") == [
        "PromQL warning: encountered a mix of histograms and floats for aggregation (1:1)"
    ]


def test_exponential_and_custom_buckets_can_not_be_added() -> None:
    custom = FloatHistogram(schema=-53, custom_values=(1.0,))
    series = vector({Labels({"__name__": "m"}): [H], Labels({"__name__": "n"}): [custom]}, 1)
    within = context(1)
    assert rows_of(run("sum", series, within=within)) == {}
    (warning,) = within.annotations.warnings("x")
    assert warning == (
        "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas "
        'for metric name "n" (1:1)'
    )


@pytest.mark.parametrize("op", ["min", "max", "stddev", "stdvar", "quantile", "topk", "bottomk"])
def test_other_aggregations_leave_histograms_out(op: str) -> None:
    within = context(1)
    param = np.array([1.0]) if op in ("quantile", "topk", "bottomk") else None
    found = run(op, one_group(H, 3.0), param=param, within=within)
    assert list(floats_of(samples_at(found, 0)).values()) == [0.0 if op.startswith("std") else 3.0]
    assert within.annotations.infos("x") == [f"PromQL info: ignored histogram in {op} aggregation (1:1)"]


def test_histograms_count() -> None:
    assert only(run("count", one_group(H, 3.0))) == 2
    assert only(run("group", one_group(H))) == 1


# --- some series of each group ---

counts = st.sampled_from([-1.0, 0.0, 0.9, 1.0, 2.0, 2.9, 100.0])


@given(vectors(), groupings, st.lists(counts, min_size=STEPS, max_size=STEPS), st.booleans())
def test_topk_and_bottomk_keep_the_extremes(
    series: Vector, grouping: tuple[list[str], bool], wanted: list[float], top: bool
) -> None:
    names, without = grouping
    found = run("topk" if top else "bottomk", series, *names, without=without, param=np.array(wanted))
    for step, count in enumerate(wanted):
        samples = floats_of(samples_at(series, step))
        kept = floats_of(samples_at(found, step))
        assert kept.items() <= samples.items() or any(map(math.isnan, kept.values()))
        groups = grouped(series, step, names, without)
        for labels, values in groups.items():
            ordered = sorted(values, key=lambda value: (math.isnan(value), -value if top else value))
            mine = [value for own, value in kept.items() if key(own, names, without) == labels]
            mine.sort(key=lambda value: (math.isnan(value), -value if top else value))
            np.testing.assert_array_equal(mine, ordered[: max(int(count), 0)])


def test_at_one_step_they_come_in_order() -> None:
    series = vector(
        {
            Labels({"g": group, "v": str(value)}): [value]
            for group in "ab"
            for value in (2.0, math.nan, 3.0, 1.0)
        },
        1,
    )
    found = run("topk", series, "g", param=np.array([3.0]))
    assert [(own.get("g"), own.get("v")) for own in found.labels] == [
        *(("a", value) for value in ("3.0", "2.0", "1.0")),
        *(("b", value) for value in ("3.0", "2.0", "1.0")),
    ]
    found = run("bottomk", series, "g", param=np.array([4.0]))
    assert [own.get("v") for own in found.labels] == ["1.0", "2.0", "3.0", "nan"] * 2


@given(vectors(), groupings, st.lists(counts, min_size=STEPS, max_size=STEPS))
def test_limitk_keeps_the_first(
    series: Vector, grouping: tuple[list[str], bool], wanted: list[float]
) -> None:
    names, without = grouping
    found = run("limitk", series, *names, without=without, param=np.array(wanted))
    for step, count in enumerate(wanted):
        first: dict[Labels, list[Labels]] = {}
        for labels in samples_at(series, step):
            own = first.setdefault(key(labels, names, without), [])
            if len(own) < int(count):
                own.append(labels)
        assert set(samples_at(found, step)) == {labels for own in first.values() for labels in own}


@given(vectors(), st.floats(0.01, 0.99))
def test_a_ratio_and_its_complement_are_all(series: Vector, ratio: float) -> None:
    one = run("limit_ratio", series, param=np.full(STEPS, ratio))
    other = run("limit_ratio", series, param=np.full(STEPS, ratio - 1))
    for step in range(STEPS):
        picked, rest = set(samples_at(one, step)), set(samples_at(other, step))
        assert picked.isdisjoint(rest)
        assert picked | rest == set(samples_at(series, step))


def test_a_ratio_picks_about_that_many() -> None:
    series = one_group(*[1.0] * 2000)
    within = context(1)
    assert 300 < len(run("limit_ratio", series, param=np.array([0.2]), within=within)) < 500
    assert within.annotations.warnings("x") == []
    assert len(run("limit_ratio", series, param=np.array([1.5]), within=within)) == 2000
    assert within.annotations.warnings("x") == [
        "PromQL warning: ratio value should be between -1 and 1, got 1.5, capping to 1 (1:1)"
    ]


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (bytes(range(100)), 0x6AC1E58032166597),
    ],
)
def test_hashes_are_those_of_xxhash(data: bytes, digest: int) -> None:
    rows = np.frombuffer(data * 2, np.uint8).reshape(2, len(data))
    assert xxh64(rows).tolist() == [digest] * 2


def test_labels_are_packed_with_their_lengths() -> None:
    assert packed(Labels({"a": "é", "b": "x" * 255})) == b"\1a\2\xc3\xa9\1b\xff\xff\0\0" + b"x" * 255


@pytest.mark.parametrize(
    ("op", "param", "reason"),
    [
        ("topk", math.nan, "Parameter value is NaN"),
        ("limitk", math.nan, "Parameter value is NaN"),
        ("bottomk", 1e19, "Scalar value 1e+19 overflows int64"),
        ("limit_ratio", math.nan, "Ratio value is NaN"),
    ],
)
def test_parameters_that_are_no_count_are_refused(op: str, param: float, reason: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        run(op, vector({}, 1), param=np.array([param]))
    assert str(raised.value) == reason
    assert len(run(op, one_group(1.0), param=np.array([0.0]))) == 0


def test_the_least_count_is_refused_beside_a_good_one() -> None:
    with pytest.raises(EvaluationError, match=r"Scalar value -1e\+19 underflows int64"):
        run("topk", vector({}, 2), param=np.array([1.0, -1e19]))


def test_odd_quantiles_are_told() -> None:
    within = context(3)
    run("quantile", vector({}, 3), param=np.array([2.0, -1.0, 0.5]), within=within)
    assert within.annotations.warnings("x") == [
        "PromQL warning: quantile value should be between 0 and 1, got 2 (1:1)",
        "PromQL warning: quantile value should be between 0 and 1, got -1 (1:1)",
    ]


# --- count_values ---


@given(vectors(), groupings)
def test_values_are_counted_step_by_step(series: Vector, grouping: tuple[list[str], bool]) -> None:
    names, without = grouping
    found = run("count_values", series, *names, without=without, param="a")
    kept = names if without else [*names, "a"]
    for step in range(STEPS):
        texts = sorted(
            key(labels.updated({"a": _text(value)}), kept, without)
            for labels, value in floats_of(samples_at(series, step)).items()
        )
        wanted = {labels: float(len(list(same))) for labels, same in groupby(texts)}
        assert_close(samples_at(found, step), wanted)


def _text(value: float) -> str:
    if math.isfinite(value):
        if abs(value) == 1e300:
            return f"{value:.0e}"[: -len("e+300")] + "0" * 300
        return f"{value:f}".rstrip("0").rstrip(".")
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def test_histograms_are_values_too() -> None:
    assert rows_of(run("count_values", one_group(H, H, 1e21), param="v")) == {
        f'{{v="{H}"}}': [2.0],
        '{v="1000000000000000000000"}': [1.0],
    }


@pytest.mark.parametrize(("name", "quoted"), [("", '""'), ("a\udcc5z", r'"a\xc5z"')])
def test_a_label_must_have_a_name(name: str, quoted: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        run("count_values", one_group(1.0), param=name)
    assert str(raised.value) == f"invalid label name {quoted}"


# --- names ---


def test_a_group_drops_the_name_when_one_of_its_series_does() -> None:
    series = vector(
        {Labels({"__name__": "m", "a": "1"}): [1.0], Labels({"__name__": "m", "a": "2"}): [2.0]}, 1
    )
    series.drop_name[1] = True
    assert run("sum", series, "__name__").drop_name.tolist() == [True]
    assert run("sum", series, "__name__", "a").drop_name.tolist() == [False, True]
    assert run("topk", series, param=np.array([2.0])).drop_name.tolist() == [True, False]

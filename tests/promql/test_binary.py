"""Binary operators: against an evaluation step by step, and the corners of matching."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.context import Context
from promql.errors import EvaluationError
from promql.histograms.model import FloatHistogram
from promql.language.ast import Binary, Cardinality, Matching
from promql.operators.binary import apply
from promql.values import Value, Vector
from tests.promql.vectors import (
    NUMBER,
    SPAN,
    STEPS,
    AtStep,
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


def node(op: str, matching: Matching | None = None, *, returns_bool: bool = False) -> Binary:
    return Binary(span=SPAN, op=op, left=NUMBER, right=NUMBER, returns_bool=returns_bool, matching=matching)


def run(binary: Binary, left: Value, right: Value, within: Context | None = None) -> Vector:
    found = apply(binary, left, right, within or context())
    assert isinstance(found, Vector)
    return found


def series(**labels: str) -> Labels:
    return Labels({name.replace("name", "__name__"): value for name, value in labels.items()})


# --- an evaluation step by step, with dicts ---


def _divide(one: float, other: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(one) / np.float64(other))


def _remainder(one: float, other: float) -> float:
    return math.nan if math.isinf(one) or other == 0 or math.isnan(one + other) else math.fmod(one, other)


CALCULATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
    "atan2": math.atan2,
}
FILTERS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def cut(labels: Labels, matching: Matching) -> Labels:
    if matching.on:
        return labels.keeping(matching.labels)
    return labels.dropping({*matching.labels, "__name__"})


def naive_pairs(
    op: str, left: AtStep, right: AtStep, matching: Matching, returns_bool: bool
) -> dict[Labels, float]:
    """Combine two vectors at one step as the language's documentation describes it."""
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    # As in Prometheus, whichever side is the left one of the operator.
    fill_many, fill_one = matching.fill_left, matching.fill_right
    filled = (fill_many, fill_one) != (None, None)
    if not (many or one) or (not (many and one) and not filled):
        return {}
    partners: dict[Labels, tuple[Labels, float]] = {}
    for labels, value in floats_of(one).items():
        if cut(labels, matching) in partners:
            raise EvaluationError("many-to-many")
        partners[cut(labels, matching)] = labels, value
    results: dict[Labels, float] = {}
    seen: set[tuple[Labels, Labels]] = set()
    matched: set[Labels] = set()

    def combine(many_labels: Labels, many_value: float, one_labels: Labels, one_value: float) -> None:
        key = cut(many_labels, matching)
        result = many_labels.dropping({"__name__"}) if op in CALCULATIONS else many_labels
        if matching.cardinality is Cardinality.ONE_TO_ONE:
            result = (
                cut(many_labels, matching)
                if op in CALCULATIONS or matching.on
                else result.dropping(matching.labels)
            )
        for name in matching.include:
            result = result.updated({name: one_labels.get(name)})
        unique = (key, Labels() if matching.cardinality is Cardinality.ONE_TO_ONE else result)
        if unique in seen:
            raise EvaluationError("multiple matches")
        seen.add(unique)
        matched.add(key)
        sides = (one_value, many_value) if swapped else (many_value, one_value)
        if result in results:
            raise EvaluationError("same labelset")
        if op in CALCULATIONS:
            results[result] = CALCULATIONS[op](*sides)
        elif returns_bool:
            results[result] = float(FILTERS[op](*sides))
        elif FILTERS[op](*sides):
            results[result] = sides[0]

    for labels, value in floats_of(many).items():
        key = cut(labels, matching)
        if key in partners:
            combine(labels, value, *partners[key])
        elif fill_one is not None:
            combine(labels, value, key, fill_one)
    if fill_many is not None:
        for key, (labels, value) in partners.items():
            if key not in matched:
                combine(key, fill_many, labels, value)
    return results


fills = st.none() | small_floats


@st.composite
def matchings(draw: st.DrawFn) -> Matching:
    cardinality = draw(st.sampled_from(list(Cardinality)[:3]))
    labels = tuple(draw(st.lists(st.sampled_from(["a", "b"]), unique=True)))
    on = draw(st.booleans())
    grouped = cardinality is not Cardinality.ONE_TO_ONE
    others = sorted({"a", "b"} - set(labels)) if on else ["b"]
    include = tuple(draw(st.lists(st.sampled_from(others), unique=True))) if grouped and others else ()
    return Matching(
        cardinality=cardinality,
        on=on,
        labels=labels,
        include=include,
        fill_left=draw(fills),
        fill_right=draw(fills),
    )


@given(
    vectors(max_size=5),
    vectors(max_size=5),
    matchings(),
    st.sampled_from([*CALCULATIONS, *FILTERS]),
    st.booleans(),
)
def test_vectors_combine_as_they_would_step_by_step(
    left: Vector, right: Vector, matching: Matching, op: str, returns_bool: bool
) -> None:
    returns_bool = returns_bool and op in FILTERS
    binary = node(op, matching, returns_bool=returns_bool)
    try:
        wanted = [
            naive_pairs(op, samples_at(left, step), samples_at(right, step), matching, returns_bool)
            for step in range(STEPS)
        ]
    except EvaluationError:
        with pytest.raises(EvaluationError):
            run(binary, left, right)
        return
    found = run(binary, left, right)
    for step in range(STEPS):
        assert_close(samples_at(found, step), wanted[step])


@given(vectors(), vectors(), st.sampled_from([(), ("a",), ("a", "b")]), st.booleans())
def test_set_operators_look_at_labels_alone(
    left: Vector, right: Vector, names: tuple[str, ...], on: bool
) -> None:
    matching = Matching(cardinality=Cardinality.MANY_TO_MANY, on=on, labels=names)
    results = {op: run(node(op, matching), left, right) for op in ("and", "or", "unless")}
    for step in range(STEPS):
        lefts, rights = samples_at(left, step), samples_at(right, step)
        left_keys = {cut(labels, matching) for labels in lefts}
        right_keys = {cut(labels, matching) for labels in rights}
        shared = {own: value for own, value in lefts.items() if cut(own, matching) in right_keys}
        added = {own: value for own, value in rights.items() if cut(own, matching) not in left_keys}
        rest = {own: value for own, value in lefts.items() if own not in shared}
        assert_close(samples_at(results["and"], step), floats_of(shared))
        assert_close(samples_at(results["or"], step), floats_of(added | lefts))
        assert_close(samples_at(results["unless"], step), floats_of(rest))


@given(
    vectors(),
    st.lists(st.floats(), min_size=STEPS, max_size=STEPS),
    st.sampled_from([*FILTERS]),
    st.booleans(),
)
def test_a_filter_keeps_the_vectors_own_samples(
    own: Vector, numbers: list[float], op: str, swapped: bool
) -> None:
    scalar = np.array(numbers)
    found = run(node(op), scalar, own) if swapped else run(node(op), own, scalar)
    told = run(node(op, returns_bool=True), *((scalar, own) if swapped else (own, scalar)))
    for step, number in enumerate(numbers):
        holds = {
            labels: FILTERS[op](number, value) if swapped else FILTERS[op](value, number)
            for labels, value in floats_of(samples_at(own, step)).items()
        }
        kept = {labels: value for labels, value in floats_of(samples_at(own, step)).items() if holds[labels]}
        assert_close(samples_at(found, step), kept)
        assert_close(samples_at(told, step), {labels: float(true) for labels, true in holds.items()})
    assert not found.drop_name.any()
    assert told.drop_name.all()


# --- scalars ---


@pytest.mark.parametrize(
    ("one", "op", "other", "wanted"),
    [
        (7.0, "%", 3.0, 1.0),
        (-7.0, "%", 3.0, -1.0),
        (7.0, "%", -3.0, 1.0),
        (1.0, "%", 0.0, math.nan),
        (1.0, "/", 0.0, math.inf),
        (-1.0, "/", 0.0, -math.inf),
        (0.0, "/", 0.0, math.nan),
        (2.0, "^", 10.0, 1024.0),
        (-8.0, "^", 1 / 3, math.nan),
        (0.0, "^", -1.0, math.inf),
        (math.nan, "^", 0.0, 1.0),
        (1.0, "==", 1.0, 1.0),
        (math.nan, "==", math.nan, 0.0),
        (math.nan, "!=", math.nan, 1.0),
    ],
)
def test_scalars_calculate_as_go_does(one: float, op: str, other: float, wanted: float) -> None:
    found = apply(node(op, returns_bool=op in FILTERS), np.full(2, one), np.full(2, other), context(2))
    np.testing.assert_array_equal(np.asarray(found), np.full(2, wanted))


# --- what can't be matched ---

A1, A2 = series(name="m", a="1", b="1"), series(name="m", a="1", b="2")
ON_A = Matching(on=True, labels=("a",))


def test_duplicates_on_the_one_side_are_named() -> None:
    one = vector({A1: [1.0], A2: [2.0]}, 1)
    with pytest.raises(EvaluationError) as raised:
        run(node("+", ON_A), vector({A1: [1.0]}, 1), one, context(1))
    assert str(raised.value) == (
        'found duplicate series for the match group {a="1"} on the right hand-side of the operation: '
        '[{__name__="m", a="1", b="2"}, {__name__="m", a="1", b="1"}];'
        "many-to-many matching not allowed: matching labels must be unique on one side"
    )
    swapped = replace(ON_A, cardinality=Cardinality.ONE_TO_MANY)
    with pytest.raises(EvaluationError, match="on the left hand-side"):
        run(node("+", swapped), one, vector({A1: [1.0]}, 1), context(1))


def test_duplicates_on_the_many_side_need_a_grouping() -> None:
    left, right = vector({A1: [1.0], A2: [2.0]}, 1), vector({A1: [1.0]}, 1)
    with pytest.raises(EvaluationError) as raised:
        run(node("+", ON_A), left, right, context(1))
    assert str(raised.value) == (
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    )
    grouped = replace(ON_A, cardinality=Cardinality.MANY_TO_ONE)
    assert rows_of(run(node("+", grouped), left, right, context(1))) == {
        '{a="1", b="1"}': [2.0],
        '{a="1", b="2"}': [3.0],
    }
    with pytest.raises(EvaluationError) as raised:
        run(node("+", replace(grouped, include=("b",))), left, right, context(1))
    assert str(raised.value) == "multiple matches for labels: grouping labels must ensure unique matches"


def test_a_filter_that_lets_nothing_pass_still_finds_double_matches() -> None:
    left, right = vector({A1: [1.0], A2: [2.0]}, 1), vector({A1: [5.0]}, 1)
    with pytest.raises(EvaluationError, match="many-to-one matching must be explicit"):
        run(node(">", ON_A), left, right, context(1))


def test_duplicates_without_a_partner_are_no_error() -> None:
    one = vector({A1: [1.0, None], A2: [2.0, 3.0]}, 2)
    late = vector({A1: [None, 10.0]}, 2)
    assert rows_of(run(node("+", ON_A), late, one, context(2))) == {'{a="1"}': [None, 13.0]}
    with pytest.raises(EvaluationError):
        run(node("+", replace(ON_A, fill_right=0.0)), late, one, context(2))


def test_series_that_take_turns_are_one_result() -> None:
    left = vector({A1: [1.0, None], A2: [None, 2.0]}, 2)
    right = vector({A1: [None, 10.0], A2: [20.0, None]}, 2)
    assert rows_of(run(node("+", ON_A), left, right, context(2))) == {'{a="1"}': [21.0, 12.0]}


def test_included_labels_follow_the_one_side_through_time() -> None:
    many = vector({series(name="m", a="1"): [1.0, 1.0, 1.0]}, 3)
    one = vector({series(a="1", c="x"): [5.0, None, None], series(a="1", c="y"): [None, 6.0, None]}, 3)
    matching = Matching(
        cardinality=Cardinality.MANY_TO_ONE, on=True, labels=("a",), include=("c",), fill_right=7.0
    )
    assert rows_of(run(node("*", matching), many, one, context(3))) == {
        '{a="1", c="x"}': [5.0, None, None],
        '{a="1", c="y"}': [None, 6.0, None],
        '{a="1"}': [None, None, 7.0],
    }


def test_names_go_with_arithmetic_and_stay_with_filters() -> None:
    own = vector({A1: [1.0]}, 1)
    assert list(rows_of(run(node("+", Matching()), own, own, context(1)))) == ['{a="1", b="1"}']
    kept = run(node("==", Matching()), own, own, context(1))
    assert kept.labels == [A1]
    assert not kept.drop_name.any()
    assert run(node("==", Matching(), returns_bool=True), own, own, context(1)).drop_name.all()


# --- histograms ---

H = FloatHistogram(count=2.0, sum=4.0)


def test_histograms_are_scaled_and_added() -> None:
    own = vector({A1: [H, 3.0]}, 2)
    found = run(node("*"), own, np.array([3.0, 3.0]), context(2))
    scaled = samples_at(found, 0)[A1]
    assert isinstance(scaled, FloatHistogram)
    assert (scaled.count, scaled.sum) == (6.0, 12.0)
    assert samples_at(found, 1)[A1] == 9.0
    added = samples_at(run(node("+", Matching()), own, own, context(2)), 0)[series(a="1", b="1")]
    assert isinstance(added, FloatHistogram)
    assert (added.count, added.sum) == (4.0, 8.0)


def test_equal_histograms_pass_a_filter() -> None:
    own, other = vector({A1: [H, H]}, 2), vector({A1: [H, FloatHistogram(count=1.0, sum=4.0)]}, 2)
    assert rows_of(run(node("==", Matching()), own, other, context(2)))[str(A1)] == [H, None]
    told = run(node("!=", Matching(), returns_bool=True), own, other, context(2))
    assert rows_of(told)[str(A1)] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("op", "left", "right", "kinds"),
    [
        ("+", H, 1.0, "histogram + float"),
        ("/", 1.0, H, "float / histogram"),
        ("<", H, H, "histogram < histogram"),
        ("</", 1.0, 1.0, "float </ float"),
        ("^", H, 1.0, "histogram ^ float"),
    ],
)
def test_what_has_no_meaning_is_left_out_and_told(
    op: str, left: float | FloatHistogram, right: float | FloatHistogram, kinds: str
) -> None:
    within = context(1)
    found = run(node(op, Matching()), vector({A1: [left]}, 1), vector({A1: [right]}, 1), within)
    assert rows_of(found) == {}
    assert within.annotations.infos("x") == [
        f'PromQL info: incompatible sample types encountered for binary operator "{op}": {kinds} (1:1)'
    ]


def test_a_pair_without_meaning_leaves_its_partner_to_the_fill_value() -> None:
    left, right = vector({series(a="1"): [H]}, 1), vector({series(a="1"): [2.0]}, 1)
    found = run(node("+", Matching(fill_left=5.0)), left, right, context(1))
    assert rows_of(found) == {'{a="1"}': [7.0]}


def test_annotations_are_sorted_by_kind() -> None:
    custom = FloatHistogram(schema=-53, count=1.0, sum=1.0, custom_values=(1.0,))
    within = context(1)
    assert rows_of(run(node("+", Matching()), vector({A1: [H]}, 1), vector({A1: [custom]}, 1), within)) == {}
    assert within.annotations.warnings("x") == [
        "PromQL warning: incompatible bucket layout encountered for binary operator + (1:1)"
    ]


def test_histograms_can_be_trimmed_under_their_name() -> None:
    found = run(node("</"), vector({A1: [H, 1.0]}, 2), np.array([9.0, 9.0]), context(2))
    assert found.labels == [A1]
    assert found.present.tolist() == [[True, False]]
    assert not found.drop_name.any()


def test_parts_of_a_mapping_are_the_result_of_or() -> None:
    left = vector({A1: [1.0, None]}, 2)
    right = vector({A1: [5.0, 6.0], A2: [H, None]}, 2)
    found = run(node("or", Matching(cardinality=Cardinality.MANY_TO_MANY)), left, right, context(2))
    wanted: Mapping[str, list[float | FloatHistogram | None]] = {str(A1): [1.0, 6.0], str(A2): [H, None]}
    assert rows_of(found) == wanted

"""The functions histogram_*: over native histograms one by one, over classic ones many at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import numpy as np

from promql.cells import float_cells, histogram_cells, merged, no_series, stacked, without_empty
from promql.context import Context
from promql.gofloat import general
from promql.histograms import notes
from promql.histograms.classic import Ascending, Cumulative, ascending, fractions, quantiles
from promql.histograms.model import FloatHistogram
from promql.histograms.native import NanEffect, fraction, quantile, variance
from promql.language.ast import Call, Span
from promql.values import Scalar, Value, Vector
from timeseries.columns import Bools, Floats
from timeseries.labels import Labels

Function = Callable[[Call, Sequence[Value], Context], Value]
BUCKET_LABEL: Final = "le"


def _vector(value: Value) -> Vector:
    """Take an argument for what the types of the language make it."""
    return cast("Vector", value)


def _scalar(value: Value) -> Scalar:
    return cast("Scalar", value)


def _simple(read: Callable[[FloatHistogram], float]) -> Function:
    """Return the function that reads one number off each histogram and leaves floats out."""

    def call(_node: Call, args: Sequence[Value], context: Context) -> Vector:
        vector = _vector(args[0])
        cells = histogram_cells(vector)
        if cells is None:
            return no_series(len(context.steps))
        values = np.zeros(vector.values.shape)
        for row, step, histogram in _native(vector, cells, context):
            values[row, step] = read(histogram)
        return _result(vector.labels, values, cells)

    return call


def _average(histogram: FloatHistogram) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(histogram.sum) / histogram.count)


def _variance(histogram: FloatHistogram) -> float:
    return variance(histogram, histogram.layout())


def _deviation(histogram: FloatHistogram) -> float:
    with np.errstate(invalid="ignore"):
        return float(np.sqrt(_variance(histogram)))


def _histogram_fraction(node: Call, args: Sequence[Value], context: Context) -> Vector:
    lower, upper = _scalar(args[0]), _scalar(args[1])
    vector = _vector(args[2])
    split = _split(vector, node.args[2].span, context)
    values = np.zeros(vector.values.shape)
    for row, step, histogram in _native(vector, split.native, context):
        found = fraction(float(lower[step]), float(upper[step]), histogram, histogram.layout())
        values[row, step] = found.value
        if found.nan:
            metric = vector.labels[row].metric_name
            context.annotations.info(notes.fraction_has_nan(metric), node.args[0].span)
    parts = [_result(vector.labels, values, split.native)]
    for batch in split.batches:
        found_values = fractions(lower, upper, batch.histograms)
        parts.append(_result(batch.labels, found_values, batch.histograms.somewhere()))
    return _joined(parts)


def _histogram_quantile(node: Call, args: Sequence[Value], context: Context) -> Vector:
    q = _scalar(args[0])
    _check_quantiles(q, node.args[0].span, context)
    return _quantiles([(q, None)], _vector(args[1]), node.args[1].span, context, node=node, label="")


def _histogram_quantiles(node: Call, args: Sequence[Value], context: Context) -> Vector:
    name = cast("str", args[1])
    asked: list[tuple[Scalar, str | None]] = []
    for q, arg in zip(args[2:], node.args[2:], strict=True):
        scalar = _scalar(q)
        _check_quantiles(scalar, arg.span, context)
        # The label tells the quantile, which may be another at each step.
        asked += [(scalar, text) for text in dict.fromkeys(map(_quantile_text, scalar.tolist()))]
    return _quantiles(asked, _vector(args[0]), node.args[0].span, context, node=node, label=name)


def _quantiles(
    asked: Sequence[tuple[Scalar, str | None]],
    vector: Vector,
    span: Span,
    context: Context,
    *,
    node: Call,
    label: str,
) -> Vector:
    """Return the quantiles asked for; where they come with a text, the label is set to it."""
    split = _split(vector, span, context)
    fixed = [ascending(batch.histograms) for batch in split.batches]
    _tell_monotonicity([q for q, _ in asked], split, fixed, span, context)
    layouts = [
        (row, step, histogram, histogram.layout())
        for row, step, histogram in _native(vector, split.native, context)
    ]
    parts = []
    for q, text in asked:
        steps = np.ones(len(q), np.bool_)
        if text is not None:
            steps = np.array([_quantile_text(own) == text for own in q.tolist()])
        values = np.zeros(vector.values.shape)
        for row, step, histogram, layout in layouts:
            found = quantile(float(q[step]), histogram, layout)
            values[row, step] = found.value
            if found.nan is not NanEffect.NONE and steps[step]:
                metric = vector.labels[row].metric_name
                told = notes.quantile_is_nan if found.nan is NanEffect.RESULT else notes.quantile_is_skewed
                context.annotations.info(told(metric), node.args[0].span)
        found_parts = [_result(vector.labels, values, split.native & steps)]
        for batch, own in zip(split.batches, fixed, strict=True):
            present = own.histograms.somewhere() & steps
            found_parts.append(_result(batch.labels, quantiles(q, own.histograms), present))
        parts += [part if text is None else _labelled(part, label, text) for part in found_parts]
    return _joined(parts)


def _check_quantiles(q: Scalar, span: Span, context: Context) -> None:
    wrong = np.isnan(q) | (q < 0) | (q > 1)
    for value in dict.fromkeys(map(general, q[wrong].tolist())):
        context.annotations.warn(notes.invalid_quantile(float(value)), span)


def _quantile_text(q: float) -> str:
    """Write a quantile so that it is seen to be a float: `1.0`."""
    text = general(q)
    return text if any(char in text for char in ".eIN") else f"{text}.0"


def _tell_monotonicity(
    asked: Sequence[Scalar], split: "_Split", fixed: Sequence[Ascending], span: Span, context: Context
) -> None:
    valid = np.any([(q >= 0) & (q <= 1) for q in asked], axis=0)
    told: dict[str, notes.Monotonicity] = {}
    times = context.steps.times
    for batch, own in zip(split.batches, fixed, strict=True):
        forced = own.forced & valid
        for row in np.flatnonzero(forced.any(axis=1)).tolist():
            one = slice(row, row + 1)
            told.setdefault(batch.labels[row].metric_name, notes.Monotonicity()).add(
                forced[one], own.lowest[one], own.highest[one], own.difference[one], times
            )
    for metric, monotonicity in told.items():
        context.annotations.info(monotonicity.text(metric), span)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Batch:
    """Classic histograms with the same bounds; labels without `le`."""

    labels: list[Labels]
    histograms: Cumulative


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Split:
    """A vector's histograms: the cells with native ones, and the classic ones."""

    native: Bools
    batches: list[_Batch]


@dataclass(slots=True)
class _Group:
    """The series of one classic histogram: bounds and rows."""

    buckets: list[tuple[float, int]] = field(default_factory=list)


def _split(vector: Vector, span: Span, context: Context) -> _Split:
    """Find the histograms; what can't be told apart is left out with a warning."""
    found = histogram_cells(vector)
    native = np.zeros(vector.present.shape, np.bool_) if found is None else found
    floats = float_cells(vector)
    groups: dict[Labels, _Group] = {}
    for row in np.flatnonzero(floats.any(axis=1)).tolist():
        labels = vector.labels[row]
        text = labels.get(BUCKET_LABEL)
        bound = parse_bound(text)
        if bound is None:
            context.annotations.warn(notes.bad_bucket_label(text, labels.metric_name), span)
        else:
            key = labels.dropping((BUCKET_LABEL,))
            groups.setdefault(key, _Group()).buckets.append((bound, row))
    if native.any():
        native = native.copy()
        for row in np.flatnonzero(native.any(axis=1)).tolist():
            if (group := groups.get(vector.labels[row])) is not None:
                rows = [own for _, own in group.buckets]
                both = native[row] & floats[rows].any(axis=0)
                if both.any():
                    metric = vector.labels[row].metric_name
                    context.annotations.warn(notes.mixed_classic_and_native(metric), span)
                    native[row] &= ~both
                    floats[rows] = floats[rows] & ~both
    return _Split(native=native, batches=list(_batches(groups, vector.values, floats)))


def _batches(groups: Mapping[Labels, _Group], values: Floats, floats: Bools) -> Iterator[_Batch]:
    """Put histograms with the same bounds together."""
    alike: dict[tuple[float, ...], list[tuple[Labels, list[int]]]] = {}
    for labels, group in groups.items():
        bounds, rows = zip(*sorted(group.buckets), strict=True)
        alike.setdefault(bounds, []).append((labels, list(rows)))
    for bounds, members in alike.items():
        matrix = np.array([own for _, own in members])
        yield _Batch(
            labels=[labels for labels, _ in members],
            histograms=Cumulative.of(np.array(bounds), values[matrix], floats[matrix]),
        )


def parse_bound(text: str) -> float | None:
    """Read the value of `le` as Go reads numbers; None when it is none."""
    if "_" in text or text != text.strip():
        return None
    try:
        bound = float.fromhex(text) if "0x" in text.lower() and "p" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return None
    # A number too large for a float is none; infinity has to be called so.
    return None if np.isinf(bound) and "inf" not in text.lower() else bound


def _native(vector: Vector, cells: Bools, context: Context) -> Iterator[tuple[int, int, FloatHistogram]]:
    """Walk over the marked histograms: row, step, histogram."""
    if vector.histograms is None:
        return
    rows, steps = np.nonzero(cells)
    for row, step, histogram in zip(
        rows.tolist(), steps.tolist(), vector.histograms[rows, steps], strict=True
    ):
        context.check()
        yield row, step, histogram


def _result(labels: Sequence[Labels], values: Floats, present: Bools) -> Vector:
    """Return the series that have a value, their names to be dropped."""
    return without_empty(
        Vector(labels=labels, values=values, present=present, drop_name=np.ones(len(labels), np.bool_))
    )


def _labelled(vector: Vector, name: str, value: str) -> Vector:
    return Vector(
        labels=[labels.updated({name: value}) for labels in vector.labels],
        values=vector.values,
        present=vector.present,
        drop_name=vector.drop_name,
    )


def _joined(parts: Sequence[Vector]) -> Vector:
    """Return the series of all parts; raises EvaluationError when two are the same."""
    joined = parts[0]
    for part in parts[1:]:
        joined = stacked(joined, part)
    return merged(joined)


HISTOGRAM_FUNCTIONS: Final[Mapping[str, Function]] = {
    "histogram_avg": _simple(_average),
    "histogram_count": _simple(lambda histogram: histogram.count),
    "histogram_fraction": _histogram_fraction,
    "histogram_quantile": _histogram_quantile,
    "histogram_quantiles": _histogram_quantiles,
    "histogram_stddev": _simple(_deviation),
    "histogram_stdvar": _simple(_variance),
    "histogram_sum": _simple(lambda histogram: histogram.sum),
}

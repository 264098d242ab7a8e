"""Aggregations over series: one result for each group, or some of the group's series (picking.py)."""

from collections.abc import Callable
from typing import Final

import numpy as np

from promql.cells import float_cells, histogram_cells, no_series, without_empty
from promql.context import Context
from promql.histograms import notes, sums
from promql.histograms.model import FloatHistogram, MixedSchemas
from promql.invariance import unwrapped
from promql.language.ast import Aggregate, Span
from promql.operators import counting, picking
from promql.operators.grouping import Groups, quantiles
from promql.values import Objects, Scalar, Vector
from timeseries.columns import Bools, Floats

Reduce = Callable[[Groups, Floats, Bools], Floats]


def aggregate(node: Aggregate, vector: Vector, param: Scalar | str | None, context: Context) -> Vector:
    """Return what an aggregation comes to; raises EvaluationError."""
    if node.op == "count_values":
        return counting.count_values(node, vector, str(param), context)
    span = unwrapped(node.param).span if node.param is not None else node.span
    if node.op in picking.PICKERS:
        return picking.pick(node, vector, _numbers(param), span, context)
    if node.op == "quantile":
        _check_quantile(_numbers(param), span, context)
    if not len(vector):
        return no_series(len(context.steps))
    groups = Groups.by(vector.labels, node.labels, without=node.without)
    context.make(len(groups))
    if node.op in ("sum", "avg"):
        return _add(node, vector, groups, context)
    if node.op in ("count", "group"):
        counts = groups.count(vector.present)
        values = counts.astype(np.float64) if node.op == "count" else np.ones(counts.shape)
        return _result(vector, groups, values, counts > 0)
    return _reduce_floats(node, vector, groups, param, context)


def _numbers(param: Scalar | str | None) -> Scalar:
    if not isinstance(param, np.ndarray):
        raise TypeError("the aggregation's parameter must be a scalar")
    return param


def _check_quantile(quantile: Scalar, span: Span, context: Context) -> None:
    for wrong in (
        quantile[np.isnan(quantile)][:1],
        quantile[quantile > 1].max(initial=1.0, keepdims=True),
        quantile[quantile < 0].min(initial=0.0, keepdims=True),
    ):
        if len(wrong) and not 0 <= wrong[0] <= 1:
            context.annotations.warn(notes.invalid_quantile(float(wrong[0])), span)


def _result(
    vector: Vector, groups: Groups, values: Floats, present: Bools, histograms: Objects | None = None
) -> Vector:
    dropped = groups.any((vector.drop_name & vector.present.any(axis=1))[:, None])[:, 0]
    return without_empty(
        Vector(labels=groups.labels, values=values, present=present, drop_name=dropped, histograms=histograms)
    )


# --- aggregations of floats: histograms are ignored ---


def _reduce_floats(
    node: Aggregate, vector: Vector, groups: Groups, param: Scalar | str | None, context: Context
) -> Vector:
    floats = float_cells(vector)
    if histogram_cells(vector) is not None:
        context.annotations.info(f"ignored histogram in {node.op} aggregation", unwrapped(node.expr).span)
    with np.errstate(all="ignore"):
        if node.op == "quantile":
            values = _quantile(groups, vector.values, floats, _numbers(param))
        else:
            values = _REDUCTIONS[node.op](groups, vector.values, floats)
    return _result(vector, groups, values, groups.any(floats))


def _least(groups: Groups, values: Floats, floats: Bools) -> Floats:
    return groups.least(np.where(floats, values, np.nan))


def _greatest(groups: Groups, values: Floats, floats: Bools) -> Floats:
    return groups.greatest(np.where(floats, values, np.nan))


def _variance(groups: Groups, values: Floats, floats: Bools) -> Floats:
    # Differences from the first value: exactly 0 where all are equal, small where all are large and close.
    first = np.empty((len(groups), values.shape[1]))
    for numbers, rows in groups.blocks():
        position = np.argmax(floats[rows], axis=1)
        first[numbers] = np.take_along_axis(values[rows], position[:, None], axis=1)[:, 0]
    deltas = np.where(floats, values - first[groups.of], 0.0)
    counts = groups.count(floats)
    mean = sum(groups.total(deltas)) / counts
    squares = np.where(floats, (deltas - mean[groups.of]) ** 2, 0.0)
    return np.asarray(sum(groups.total(squares)) / counts)


def _deviation(groups: Groups, values: Floats, floats: Bools) -> Floats:
    return np.sqrt(_variance(groups, values, floats))


def _quantile(groups: Groups, values: Floats, floats: Bools, quantile: Scalar) -> Floats:
    counts = groups.count(floats)
    nans = groups.count(floats & np.isnan(values))
    values = np.where(floats, values, np.nan)
    results = np.empty(counts.shape)
    for numbers, rows in groups.blocks():
        ordered = np.sort(values[rows], axis=1)
        results[numbers] = quantiles(ordered, nans[numbers], counts[numbers], quantile)
    return results


_REDUCTIONS: Final[dict[str, Reduce]] = {
    "min": _least,
    "max": _greatest,
    "stdvar": _variance,
    "stddev": _deviation,
}


# --- sum and avg: of floats or of histograms ---


def _add(node: Aggregate, vector: Vector, groups: Groups, context: Context) -> Vector:
    floats = float_cells(vector)
    with np.errstate(all="ignore"):
        values = (_total if node.op == "sum" else _mean)(groups, vector.values, floats)
    present = groups.any(floats)
    cells = histogram_cells(vector)
    if cells is None:
        return _result(vector, groups, values, present)
    span = unwrapped(node.expr).span
    histogram_groups = groups.any(cells)
    if np.any(present & histogram_groups):
        context.annotations.warn("encountered a mix of histograms and floats for aggregation", span)
    objects = _add_histograms(node, vector, groups, cells & ~(present & histogram_groups)[groups.of], context)
    present = (present & ~histogram_groups) | (objects != None)  # noqa: E711
    return _result(vector, groups, values, present, objects)


def _total(groups: Groups, values: Floats, floats: Bools) -> Floats:
    total, lost = groups.total(np.where(floats, values, 0.0))
    return np.asarray(total + lost)


def _mean(groups: Groups, values: Floats, floats: Bools) -> Floats:
    counts = groups.count(floats)
    values = np.where(floats, values, 0.0)
    total, lost = groups.total(values)
    mean = total / counts + lost / counts
    overflown = ~np.isfinite(mean) & ~groups.any(~np.isfinite(values))
    if np.any(overflown):
        # The mean of large numbers is a number even where their sum is none.
        scaled, lost = groups.total(values / counts[groups.of])
        mean = np.where(overflown, scaled + lost, mean)
    return np.asarray(mean)


def _add_histograms(
    node: Aggregate, vector: Vector, groups: Groups, cells: Bools, context: Context
) -> Objects:
    span = unwrapped(node.expr).span
    objects = np.full((len(groups), cells.shape[1]), None, dtype=np.object_)
    histograms = vector.histograms
    if histograms is None:
        return objects
    members: dict[tuple[int, int], list[int]] = {}
    for row, step in np.argwhere(cells).tolist():
        members.setdefault((int(groups.of[row]), step), []).append(row)
    combine = sums.total if node.op == "sum" else sums.mean
    for (group, step), rows in members.items():
        context.check()
        found: list[FloatHistogram] = [histograms[row, step] for row in rows]
        try:
            result = combine(found)
        except MixedSchemas:
            odd = next(row for row, own in zip(rows, found, strict=True) if own.custom != found[0].custom)
            context.annotations.warn(notes.mixed_schemas(vector.labels[odd].metric_name), span)
            continue
        if result.conflict:
            context.annotations.warn(notes.conflict(notes.AGGREGATION), span)
        if result.reconciled:
            context.annotations.info(notes.reconciled(notes.AGGREGATION), span)
        objects[group, step] = result.histogram.compacted()
    return objects

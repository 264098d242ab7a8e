"""What happens to a query's value at the very end: names go, series with the same labels become one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from promql.cells import METADATA_LABELS, SAME_LABELSET, are_distinct, merged, take, without_empty
from promql.errors import EvaluationError
from promql.language.ast import Aggregate, Call, Expr
from promql.values import LabelSets, Vector, Windows, worked_out
from timeseries.columns import Ints
from timeseries.labels import METRIC_NAME, Labels

LAST_METADATA_LABEL: Final = max(METADATA_LABELS)
ORDERING: Final = frozenset({"sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "topk", "bottomk"})


def finished(vector: Vector, *, ordered: bool) -> Vector:
    """Remove names that are to be removed, join series, and sort them by labels unless they are ordered.

    Raises EvaluationError where two series with the same labels have a sample at the same step.
    """
    full = without_empty(vector)
    joined = merged(replace(full, labels=_final_labels(full), drop_name=np.zeros(len(full), np.bool_)))
    if ordered:
        return joined
    order = worked_out(joined.labels, finished, _order)
    return joined if order is None else take(joined, order)


def finished_windows(windows: Windows) -> Windows:
    """Remove names likewise from a range vector; its series can't be joined: EvaluationError."""
    labels = _final_labels(windows)
    if not are_distinct(labels):
        raise EvaluationError(SAME_LABELSET)
    return replace(windows, labels=labels, drop_name=np.zeros(len(labels), np.bool_))


def _final_labels(value: Vector | Windows) -> Sequence[Labels]:
    if not value.drop_name.any():
        return value.labels
    if value.drop_name.all():
        return worked_out(value.labels, _nameless, lambda labels: LabelSets(map(_nameless, labels)))
    dropped = zip(value.labels, value.drop_name.tolist(), strict=True)
    return [_nameless(own) if drop else own for own, drop in dropped]


def _order(labels: Sequence[Labels]) -> Ints | None:
    """Return the order that sorts them, None when they are sorted."""
    order = sorted(range(len(labels)), key=labels.__getitem__)
    return None if order == list(range(len(order))) else np.array(order, np.int64)


def _nameless(labels: Labels) -> Labels:
    # Nearly all have the name first and no type or unit: that is quickly seen, and matters for many series.
    if labels and labels[0][0] == METRIC_NAME and (len(labels) == 1 or labels[1][0] > LAST_METADATA_LABEL):
        return Labels.trusted(labels[1:])
    return labels.dropping(METADATA_LABELS)


def in_order(expr: Expr) -> bool:
    """Tell whether the outermost expression asks for an order."""
    return (isinstance(expr, Call) and expr.function in ORDERING) or (
        isinstance(expr, Aggregate) and expr.op in ORDERING
    )

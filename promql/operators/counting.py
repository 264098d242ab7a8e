"""count_values: how many series of each group have each value."""

import numpy as np

from promql.cells import float_cells, histogram_cells, no_series
from promql.context import Context
from promql.errors import EvaluationError
from promql.gofloat import plain
from promql.language.ast import Aggregate
from promql.operators.grouping import Groups
from promql.values import Vector
from timeseries.columns import Ints
from timeseries.labels import METRIC_NAME, Labels
from timeseries.text import is_utf8, quote


def count_values(node: Aggregate, vector: Vector, label: str, context: Context) -> Vector:
    """Return a series for each group and value, whose label tells the value; raises EvaluationError."""
    if not label or not is_utf8(label):
        raise EvaluationError(f"invalid label name {quote(label)}")
    rows, columns, numbers, texts = _values(vector)
    if not len(rows):
        return no_series(len(context.steps))
    names = {*node.labels, label} if node.without else set(node.labels) - {label}
    groups = Groups.by(vector.labels, sorted(names), without=node.without)
    # Groups by value: each pair that occurs is a result.
    pairs, pair_of = np.unique(groups.of[rows] * len(texts) + numbers, return_inverse=True)
    context.make(len(pairs))
    # The label of the value is lost where it is one of those that are taken away.
    lost = node.without and label in (*node.labels, METRIC_NAME)
    labels = [
        groups.labels[pair // len(texts)].updated({} if lost else {label: texts[pair % len(texts)]})
        for pair in pairs.tolist()
    ]
    steps = vector.present.shape[1]
    counts = np.bincount(pair_of * steps + columns, minlength=len(pairs) * steps).reshape(len(pairs), steps)
    return _joined(labels, counts)


def _joined(labels: list[Labels], counts: Ints) -> Vector:
    groups = Groups.of_keys(labels)
    counts = np.add.reduceat(counts[groups.order], groups.starts, axis=0)
    return Vector(
        labels=groups.labels,
        values=counts.astype(np.float64),
        present=counts > 0,
        drop_name=np.zeros(len(groups), np.bool_),
    )


def _values(vector: Vector) -> tuple[Ints, Ints, Ints, list[str]]:
    """Return row, column and number of the value of each sample, and the values as text."""
    rows, columns = np.nonzero(float_cells(vector))
    bits, numbers = np.unique(vector.values[rows, columns].view(np.int64), return_inverse=True)
    texts = [plain(value) for value in bits.view(np.float64).tolist()]
    cells = histogram_cells(vector)
    if cells is not None and vector.histograms is not None:
        more_rows, more_columns = np.nonzero(cells)
        found = [str(vector.histograms[place]) for place in zip(more_rows, more_columns, strict=True)]
        more = np.arange(len(texts), len(texts) + len(found))
        rows, columns = np.concatenate([rows, more_rows]), np.concatenate([columns, more_columns])
        numbers, texts = np.concatenate([numbers, more]), texts + found
    return rows, columns, numbers, texts

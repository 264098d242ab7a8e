"""What operators, aggregations and functions do alike to the cells of a vector. Knows no operator itself."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from promql.errors import EvaluationError
from promql.values import Objects, Vector, worked_out
from timeseries.columns import Bools, Floats, Ints
from timeseries.labels import METRIC_NAME, Labels

# Labels that speak of the metric itself. Where a result is no longer that metric, they go with its name.
METADATA_LABELS: Final = frozenset((METRIC_NAME, "__type__", "__unit__"))
SAME_LABELSET: Final = "vector cannot contain metrics with the same labelset"


def has_object(objects: Objects) -> Bools:
    """Mark where there is a histogram."""
    return np.asarray(objects != None, np.bool_)  # noqa: E711


def only_where(objects: Objects, marks: Bools) -> Objects:
    """Return the histograms of the marked cells."""
    kept = empty_objects(objects.shape)
    kept[marks] = objects[marks]
    return kept


def histogram_cells(vector: Vector) -> Bools | None:
    """Mark the cells with a histogram; None when there are none."""
    if vector.histograms is None:
        return None
    found = has_object(vector.histograms)
    return found if found.any() else None


def float_cells(vector: Vector) -> Bools:
    """Mark the cells with a float."""
    found = histogram_cells(vector)
    return vector.present if found is None else vector.present & ~found


def empty_objects(shape: tuple[int, ...]) -> Objects:
    """Return a matrix without histograms."""
    return np.full(shape, None, dtype=np.object_)


def no_series(steps: int) -> Vector:
    """Return a vector that is empty at all steps."""
    return Vector(
        labels=[],
        values=np.empty((0, steps)),
        present=np.empty((0, steps), np.bool_),
        drop_name=np.empty(0, np.bool_),
    )


def take(vector: Vector, rows: Ints | Bools) -> Vector:
    """Return some of the series, in the order of the indices."""
    indices = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    return Vector(
        labels=[vector.labels[index] for index in indices.tolist()],
        values=vector.values[indices],
        present=vector.present[indices],
        drop_name=vector.drop_name[indices],
        histograms=None if vector.histograms is None else vector.histograms[indices],
    )


def without_empty(vector: Vector) -> Vector:
    """Return the series that have a sample somewhere."""
    used = np.asarray(vector.present.any(axis=1), np.bool_)
    return vector if used.all() else take(vector, used)


def floats_only(vector: Vector) -> Vector:
    """Return the vector without its histograms."""
    if vector.histograms is None:
        return vector
    return without_empty(
        Vector(
            labels=vector.labels,
            values=vector.values,
            present=float_cells(vector),
            drop_name=vector.drop_name,
        )
    )


def stacked(upper: Vector, lower: Vector) -> Vector:
    """Return the series of both."""
    histograms = None
    if upper.histograms is not None or lower.histograms is not None:
        histograms = np.concatenate([_objects(upper), _objects(lower)])
    return Vector(
        labels=[*upper.labels, *lower.labels],
        values=np.concatenate([upper.values, lower.values]),
        present=np.concatenate([upper.present, lower.present]),
        drop_name=np.concatenate([upper.drop_name, lower.drop_name]),
        histograms=histograms,
    )


def _objects(vector: Vector) -> Objects:
    return empty_objects(vector.values.shape) if vector.histograms is None else vector.histograms


def merged(vector: Vector) -> Vector:
    """Make one series of those with the same labels; raises EvaluationError where two have samples at a step.

    Of their flags to drop the name the one with the first sample decides.
    """
    if are_distinct(vector.labels):
        return vector
    group_of, labels = group_ids(vector.labels)
    order = np.argsort(group_of, kind="stable")
    starts = group_starts(group_of[order], len(labels))
    present = vector.present[order]
    if np.any(np.add.reduceat(present, starts, axis=0, dtype=np.int64) > 1):
        raise EvaluationError(SAME_LABELSET)
    # At each cell at most one series of a group has a sample: the sum of the positions says which.
    offsets = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    source = starts[:, None] + np.add.reduceat(present * offsets[:, None], starts, axis=0)
    source = order[source]
    columns = np.arange(present.shape[1])
    any_present = np.logical_or.reduceat(present, starts, axis=0)
    first = source[np.arange(len(labels)), np.argmax(any_present, axis=1)]
    return Vector(
        labels=labels,
        values=vector.values[source, columns],
        present=any_present,
        drop_name=vector.drop_name[first],
        histograms=None if vector.histograms is None else vector.histograms[source, columns],
    )


def are_distinct(labels: Sequence[Labels]) -> bool:
    """Tell whether no two of them are equal."""
    return worked_out(labels, are_distinct, lambda own: len(set(own)) == len(own))


def group_ids(keys: Sequence[tuple[tuple[str, str], ...]]) -> tuple[Ints, list[Labels]]:
    """Number the distinct sets of pairs as they come; return the number of each, and the sets as labels."""
    ids: dict[tuple[tuple[str, str], ...], int] = {}
    numbers = np.array([ids.setdefault(key, len(ids)) for key in keys], np.int64)
    return numbers, [Labels.trusted(key) for key in ids]


def group_starts(sorted_ids: Ints, groups: int) -> Ints:
    """Return where each group begins among ascending numbers, each of which occurs."""
    return np.searchsorted(sorted_ids, np.arange(groups))


def any_series(marks: Bools) -> Bools:
    """Tell of each step whether a series is marked."""
    return np.asarray(marks.any(axis=0), np.bool_)


def any_by_group(marks: Bools, group_of: Ints, groups: int) -> Bools:
    """Tell of each group and step whether a series is marked; groups may be empty."""
    found = np.zeros((groups, marks.shape[1]), np.bool_)
    rows, columns = np.nonzero(marks)
    found[group_of[rows], columns] = True
    return found


def count_by_group(marks: Bools, group_of: Ints, groups: int) -> NDArray[np.int64]:
    """Count the marked series of each group at each step; groups may be empty."""
    steps = marks.shape[1]
    rows, columns = np.nonzero(marks)
    counts = np.bincount(group_of[rows] * steps + columns, minlength=groups * steps)
    return counts.reshape(groups, steps)


def constant(labels: Labels, values: Floats) -> Vector:
    """Return one series that has a sample at every step."""
    return Vector(
        labels=[labels],
        values=values.reshape(1, -1),
        present=np.ones((1, values.size), np.bool_),
        drop_name=np.zeros(1, np.bool_),
    )

"""How the series of two vectors find each other: pairs of rows, and which pairs are not allowed.

The "one" side has at most one series for each signature and step. The "many" side is the other: in one-to-one
matching it is the left, and must be unique, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from promql.cells import any_by_group, any_series, count_by_group, group_ids
from promql.context import Context
from promql.errors import EvaluationError
from promql.language.ast import Cardinality, Matching
from promql.values import Objects, Vector, worked_out
from timeseries.columns import Bools, Floats, Ints
from timeseries.labels import METRIC_NAME, Labels
from timeseries.text import is_legacy_label_name, quote

NO_ROW = -1


def signature(matching: Matching) -> Callable[[Labels], Labels]:
    """Return the function that cuts labels down to those that must be equal."""
    if matching.on:
        names = frozenset(matching.labels)
        return lambda labels: labels.keeping(names)
    if not matching.labels:
        return _without_name
    ignored = frozenset((*matching.labels, METRIC_NAME))
    return lambda labels: labels.dropping(ignored)


def _without_name(labels: Labels) -> Labels:
    # The name comes first nearly always.
    if labels and labels[0][0] == METRIC_NAME:
        return Labels.trusted(labels[1:])
    return labels.dropping((METRIC_NAME,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signatures:
    """Numbers of the signatures of two vectors' series: equal where the series match."""

    many: Ints
    one: Ints
    labels: list[Labels]

    @classmethod
    def of(cls, many: Vector, one: Vector, matching: Matching) -> "Signatures":
        """Number them."""
        key = (signature, matching.on, matching.labels)
        cut = signature(matching)
        sides = [worked_out(side.labels, key, lambda own: list(map(cut, own))) for side in (many, one)]
        numbers, labels = group_ids([*sides[0], *sides[1]])
        return cls(many=numbers[: len(many)], one=numbers[len(many) :], labels=labels)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Rows of both sides that meet at some steps; NO_ROW where a fill value takes the place of a series."""

    many: Ints
    one: Ints
    present: Bools
    signatures: Ints

    def joined(self, other: "Pairs") -> "Pairs":
        """Return the pairs of both."""
        return Pairs(
            many=np.concatenate([self.many, other.many]),
            one=np.concatenate([self.one, other.one]),
            present=np.concatenate([self.present, other.present]),
            signatures=np.concatenate([self.signatures, other.signatures]),
        )


def active_steps(many: Vector, one: Vector, matching: Matching) -> Bools:
    """Tell at which steps anything is matched at all: elsewhere duplicates are no error."""
    some_many, some_one = any_series(many.present), any_series(one.present)
    if matching.fill_left is None and matching.fill_right is None:
        return some_many & some_one
    return some_many | some_one


def find_pairs(many: Vector, one: Vector, found: Signatures, matching: Matching, context: Context) -> Pairs:
    """Return the pairs of rows with equal signatures and, if wanted, those of rows without a partner."""
    order = np.argsort(found.one, kind="stable")
    ordered = found.one[order]
    first = np.searchsorted(ordered, found.many, side="left")
    lengths = np.searchsorted(ordered, found.many, side="right") - first
    context.make(int(lengths.sum()))
    many_rows = np.repeat(np.arange(len(many)), lengths)
    within = np.arange(len(many_rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    one_rows = order[np.repeat(first, lengths) + within]
    pairs = Pairs(
        many=many_rows,
        one=one_rows,
        present=many.present[many_rows] & one.present[one_rows],
        signatures=found.many[many_rows],
    )
    if matching.fill_right is None:
        return pairs
    there = any_by_group(one.present, found.one, len(found.labels))
    return pairs.joined(
        Pairs(
            many=np.arange(len(many)),
            one=np.full(len(many), NO_ROW),
            present=many.present & ~there[found.many],
            signatures=found.many,
        )
    )


def lonely(one: Vector, found: Signatures, pairs: Pairs, matched: Bools) -> Pairs:
    """Return the rows of the one side that no pair has used, to be combined with a fill value."""
    used = any_by_group(matched, pairs.signatures, len(found.labels))
    return Pairs(
        many=np.full(len(one), NO_ROW),
        one=np.arange(len(one)),
        present=one.present & ~used[found.one],
        signatures=found.one,
    )


def gathered(vector: Vector, rows: Ints, fill: float | None) -> tuple[Floats, Objects | None]:
    """Return the samples of rows, with the fill value for NO_ROW."""
    if fill is None:
        return vector.values[rows], None if vector.histograms is None else vector.histograms[rows]
    missing = rows == NO_ROW
    values = np.full((len(rows), vector.values.shape[1]), fill)
    values[~missing] = vector.values[rows[~missing]]
    if vector.histograms is None:
        return values, None
    histograms = np.full(values.shape, None, dtype=np.object_)
    histograms[~missing] = vector.histograms[rows[~missing]]
    return values, histograms


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """What can't be matched, and at which step first."""

    step: int
    error: EvaluationError


def check_one_side(one: Vector, found: Signatures, active: Bools, matching: Matching) -> Ambiguity | None:
    """Find the first step at which two series of the one side have the same signature."""
    step = _first_crowded(one.present & active, found.one)
    if step is None:
        return None
    rows = np.flatnonzero(one.present[:, step])
    seen: dict[int, int] = {}
    for row in rows.tolist():
        earlier = seen.setdefault(int(found.one[row]), row)
        if earlier != row:
            break
    side = "left" if matching.cardinality is Cardinality.ONE_TO_MANY else "right"
    group = found.labels[found.one[row]]
    error = EvaluationError(
        f"found duplicate series for the match group {braced(group)} on the {side} hand-side of the "
        f"operation: [{braced(one.labels[row])}, {braced(one.labels[earlier])}];"
        "many-to-many matching not allowed: matching labels must be unique on one side"
    )
    return Ambiguity(step=step, error=error)


def check_results(
    pairs: Pairs, matched: Bools, labels: Sequence[Labels], matching: Matching
) -> Ambiguity | None:
    """Find the first step at which two results can't be told apart."""
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        keys = pairs.signatures
        text = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    else:
        ids, distinct = group_ids(labels)
        keys = pairs.signatures * (len(distinct) + 1) + ids
        text = "multiple matches for labels: grouping labels must ensure unique matches"
    step = _first_crowded(matched, keys)
    return None if step is None else Ambiguity(step=step, error=EvaluationError(text))


def braced(labels: Labels) -> str:
    """Write labels as error messages do: the metric's name is one of them."""
    pairs = (
        f"{name if is_legacy_label_name(name) else quote(name)}={quote(value)}" for name, value in labels
    )
    return f"{{{', '.join(pairs)}}}"


def _first_crowded(marks: Bools, keys: Ints) -> int | None:
    """Return the first step at which more than one row of the same key is marked."""
    _, ids, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    shared = np.flatnonzero(sizes[ids] > 1)
    if not len(shared):
        return None
    counts = count_by_group(marks[shared], ids[shared], len(sizes))
    steps = np.flatnonzero((counts > 1).any(axis=0))
    return int(steps[0]) if len(steps) else None

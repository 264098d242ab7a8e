"""Binary operators between vectors and scalars: filters, arithmetic, set operators. Pairs: matching.py."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from promql.cells import METADATA_LABELS, any_by_group, merged, no_series, only_where, stacked, without_empty
from promql.context import Context
from promql.language.ast import Binary, Cardinality, Matching
from promql.operators.arithmetic import ARITHMETIC, COMPARISONS, Operand, Operation, Outcome, scalars
from promql.operators.matching import (
    NO_ROW,
    Pairs,
    Signatures,
    active_steps,
    check_one_side,
    check_results,
    find_pairs,
    gathered,
    lonely,
)
from promql.values import Objects, Scalar, Value, Vector, worked_out
from timeseries.columns import Bools, Floats
from timeseries.labels import Labels

SET_OPERATORS: Final = ("and", "or", "unless")
DEFAULT_MATCHING: Final = Matching()


def apply(node: Binary, left: Value, right: Value, context: Context) -> Value:
    """Return what an operator makes of both sides; raises EvaluationError."""
    if isinstance(left, Vector):
        if not isinstance(right, Vector):
            return _vector_and_scalar(node, left, _scalar(right), context, swapped=False)
        matching = node.matching or DEFAULT_MATCHING
        if node.op in SET_OPERATORS:
            return _set_operation(node.op, left, right, matching, context)
        return _vectors(node, left, right, matching, context)
    if isinstance(right, Vector):
        return _vector_and_scalar(node, right, _scalar(left), context, swapped=True)
    return scalars(node.op, _scalar(left), _scalar(right))


def _scalar(value: Value) -> Scalar:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"an operator can't be applied to {type(value).__name__}")
    return value


def _vector_and_scalar(
    node: Binary, vector: Vector, scalar: Scalar, context: Context, *, swapped: bool
) -> Vector:
    own = Operand(values=vector.values, histograms=vector.histograms)
    other = Operand(values=scalar[None, :])
    sides = (other, own) if swapped else (own, other)
    operation = Operation(op=node.op, span=node.span, context=context)
    outcome = operation.combine(*sides, vector.present)
    operation.tell(outcome)
    if node.op in COMPARISONS and swapped:
        # A filter lets the vector's own sample pass, whichever side it is on.
        outcome = replace(outcome, values=vector.values)
    values, present, histograms = _results(outcome, returns_bool=node.returns_bool)
    changed = node.op in ARITHMETIC or node.returns_bool
    return without_empty(
        Vector(
            labels=vector.labels,
            values=values,
            present=present,
            drop_name=np.ones_like(vector.drop_name) if changed else vector.drop_name,
            histograms=histograms,
        )
    )


def _results(outcome: Outcome, *, returns_bool: bool) -> tuple[Floats, Bools, Objects | None]:
    if returns_bool:
        return outcome.holds.astype(np.float64), outcome.done, None
    histograms = outcome.histograms
    if histograms is not None:
        histograms = only_where(histograms, outcome.holds)
    return outcome.values, outcome.holds, histograms


def _vectors(node: Binary, left: Vector, right: Vector, matching: Matching, context: Context) -> Vector:
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    active = active_steps(many, one, matching)
    if not active.any():
        return no_series(len(context.steps))
    found = Signatures.of(many, one, matching)
    doubled = check_one_side(one, found, active, matching)
    if doubled is not None:
        # What is wrong at an earlier step is told first, as if steps were evaluated one by one.
        active[doubled.step :] = False
    join = _Join(
        operation=Operation(op=node.op, span=node.span, context=context),
        many=_during(many, active),
        one=_during(one, active),
        found=found,
        matching=matching,
    )
    pairs, outcome = join.outcome()
    join.operation.tell(outcome)
    labels = join.labels(pairs)
    crowded = check_results(pairs, outcome.done, labels, matching) or doubled
    if crowded is not None:
        raise crowded.error
    values, present, histograms = _results(outcome, returns_bool=node.returns_bool)
    dropped = np.append(many.drop_name, False)[pairs.many]
    result = Vector(
        labels=labels,
        values=values,
        present=present,
        drop_name=dropped | node.returns_bool,
        histograms=histograms,
    )
    return merged(without_empty(result))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Join:
    """Two vectors about to be combined, the one side without duplicates."""

    operation: Operation
    many: Vector
    one: Vector
    found: Signatures
    matching: Matching

    def outcome(self) -> tuple[Pairs, Outcome]:
        """Return all pairs of rows, with those that fill values make, and what they come to."""
        pairs = find_pairs(self.many, self.one, self.found, self.matching, self.operation.context)
        outcome = self._combined(pairs)
        if self.matching.fill_left is None:
            return pairs, outcome
        rest = lonely(self.one, self.found, pairs, outcome.done)
        return pairs.joined(rest), outcome.joined(self._combined(rest))

    def _combined(self, pairs: Pairs) -> Outcome:
        self.operation.context.make(len(pairs.many))
        values, histograms = gathered(self.many, pairs.many, self.matching.fill_left)
        many = Operand(values=values, histograms=histograms)
        values, histograms = gathered(self.one, pairs.one, self.matching.fill_right)
        one = Operand(values=values, histograms=histograms)
        swapped = self.matching.cardinality is Cardinality.ONE_TO_MANY
        return self.operation.combine(*((one, many) if swapped else (many, one)), pairs.present)

    def labels(self, pairs: Pairs) -> list[Labels]:
        """Return the labels of each pair's result: those of the many side, without what can differ."""
        names: frozenset[str] = METADATA_LABELS if self.operation.op in ARITHMETIC else frozenset()
        cut = Labels.dropping
        if self.matching.cardinality is Cardinality.ONE_TO_ONE:
            own = frozenset(self.matching.labels)
            cut, names = (Labels.keeping, own - names) if self.matching.on else (Labels.dropping, own | names)
        many_labels = worked_out(
            self.many.labels, (cut, names), lambda labels: [cut(one, names) for one in labels]
        )
        rows = zip(pairs.many.tolist(), pairs.one.tolist(), pairs.signatures.tolist(), strict=True)
        results = []
        for many, one, number in rows:
            labels = cut(self.found.labels[number], names) if many == NO_ROW else many_labels[many]
            if self.matching.include:
                source = self.found.labels[number] if one == NO_ROW else self.one.labels[one]
                labels = labels.updated({name: source.get(name) for name in self.matching.include})
            results.append(labels)
        return results


def _during(vector: Vector, steps: Bools) -> Vector:
    return vector if steps.all() else replace(vector, present=vector.present & steps)


def _set_operation(op: str, left: Vector, right: Vector, matching: Matching, context: Context) -> Vector:
    found = Signatures.of(left, right, matching)
    groups = len(found.labels)
    if op == "or":
        there = any_by_group(left.present, found.many, groups)
        rest = replace(right, present=right.present & ~there[found.one])
        context.make(len(left) + len(right))
        return merged(without_empty(stacked(left, _cleared(rest))))
    there = any_by_group(right.present, found.one, groups)[found.many]
    return without_empty(_cleared(replace(left, present=left.present & (there if op == "and" else ~there))))


def _cleared(vector: Vector) -> Vector:
    """Take away the histograms of cells without a sample."""
    if vector.histograms is None:
        return vector
    return replace(vector, histograms=only_where(vector.histograms, vector.present))

"""Binary operators on pairs of samples, for whole matrices of pairs. Knows no labels and no matching."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from promql.cells import empty_objects, has_object
from promql.context import Context
from promql.histograms import notes
from promql.histograms.model import FloatHistogram, MixedSchemas, Sum
from promql.histograms.trim import trimmed
from promql.language.ast import Span
from promql.values import Objects
from timeseries.columns import Bools, Floats

ARITHMETIC: Final[dict[str, Callable[[Floats, Floats], Floats]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISONS: Final[dict[str, Callable[[Floats, Floats], NDArray[np.bool_]]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
TRIM_UPPER: Final = "</"
TRIMS: Final = ("</", ">/")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operand:
    """One side's samples, a row for each pair; a scalar's values have one row for all."""

    values: Floats
    histograms: Objects | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What the pairs come to.

    `done` marks pairs that the operator is defined for; `holds` marks those of them that a filter lets pass,
    which is all of them in arithmetic. Values are those of the left side in comparisons.
    """

    values: Floats
    done: Bools
    holds: Bools
    histograms: Objects | None

    def joined(self, other: "Outcome") -> "Outcome":
        """Return the outcomes of both sets of pairs."""
        histograms = None
        if self.histograms is not None or other.histograms is not None:
            histograms = np.concatenate(
                [
                    empty_objects(part.values.shape) if part.histograms is None else part.histograms
                    for part in (self, other)
                ]
            )
        return Outcome(
            values=np.concatenate([self.values, other.values]),
            done=np.concatenate([self.done, other.done]),
            holds=np.concatenate([self.holds, other.holds]),
            histograms=histograms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operator at its place in a query; what can't be combined is noted in the context."""

    op: str
    span: Span
    context: Context

    def combine(self, left: Operand, right: Operand, present: Bools) -> Outcome:
        """Apply the operator where both sides are present."""
        with np.errstate(all="ignore"):
            values, holds = _combine_floats(self.op, left.values, right.values, present)
        done = np.zeros_like(present) if self.op in TRIMS else present
        floats = Outcome(values=values, done=done, holds=holds & done, histograms=None)
        if left.histograms is not None or right.histograms is not None:
            return self._with_histograms(left, right, present, floats)
        if self.op in TRIMS and present.any():
            self._note_types("float", "float")
        return floats

    def _with_histograms(self, left: Operand, right: Operand, present: Bools, floats: Outcome) -> Outcome:
        shape = present.shape
        lefts = empty_objects(shape) if left.histograms is None else left.histograms
        rights = empty_objects(shape) if right.histograms is None else right.histograms
        left_values = np.broadcast_to(left.values, shape)
        right_values = np.broadcast_to(right.values, shape)
        involved = (has_object(lefts) | has_object(rights)) & present
        if self.op in TRIMS and np.any(present & ~involved):
            self._note_types("float", "float")
        done, holds, made = floats.done & ~involved, floats.holds & ~involved, empty_objects(shape)
        for row, column in np.argwhere(involved).tolist():
            self.context.check()
            one, other = lefts[row, column], rights[row, column]
            result = self._combine_pair(
                float(left_values[row, column]) if one is None else one,
                float(right_values[row, column]) if other is None else other,
            )
            if result is not None:
                done[row, column] = True
                holds[row, column] = result is not False
                made[row, column] = one if isinstance(result, bool) else result
        return Outcome(values=floats.values, done=done, holds=holds, histograms=made)

    def _combine_pair(
        self, left: float | FloatHistogram, right: float | FloatHistogram
    ) -> FloatHistogram | bool | None:
        """Combine two samples, one of them at least a histogram; None where the operator is not defined."""
        result: FloatHistogram | None = None
        if isinstance(left, FloatHistogram):
            if isinstance(right, FloatHistogram):
                return self._combine_histograms(left, right)
            match self.op:
                case "*":
                    result = left.times(right).compacted()
                case "/":
                    result = left.over(right).compacted()
                case "</" | ">/":
                    result = trimmed(left, right, below=self.op == TRIM_UPPER)
        elif isinstance(right, FloatHistogram) and self.op == "*":
            result = right.times(left).compacted()
        if result is None:
            self._note_types(_kind(left), _kind(right))
        return result

    def _combine_histograms(
        self, left: FloatHistogram, right: FloatHistogram
    ) -> FloatHistogram | bool | None:
        match self.op:
            case "==":
                return left.equals(right)
            case "!=":
                return not left.equals(right)
            case "+" | "-":
                return self._add(left, right)
        self._note_types("histogram", "histogram")
        return None

    def _add(self, left: FloatHistogram, right: FloatHistogram) -> FloatHistogram | None:
        try:
            result = left.plus(right) if self.op == "+" else left.minus(right)
        except MixedSchemas:
            self.context.annotations.warn(
                f"incompatible bucket layout encountered for binary operator {self.op}", self.span
            )
            return None
        note_sum(result, notes.ADDITION if self.op == "+" else notes.SUBTRACTION, self.span, self.context)
        return result.histogram.compacted()

    def _note_types(self, left: str, right: str) -> None:
        self.context.annotations.info(
            f'incompatible sample types encountered for binary operator "{self.op}": '
            f"{left} {self.op} {right}",
            self.span,
        )


def _combine_floats(op: str, left: Floats, right: Floats, present: Bools) -> tuple[Floats, Bools]:
    if op in ARITHMETIC:
        return np.broadcast_to(ARITHMETIC[op](left, right), present.shape), present
    values = np.broadcast_to(left, present.shape)
    return values, COMPARISONS[op](left, right) & present if op in COMPARISONS else present


def scalars(op: str, left: Floats, right: Floats) -> Floats:
    """Apply an operator to two scalars; a comparison is 1 or 0."""
    with np.errstate(all="ignore"):
        if op in ARITHMETIC:
            return ARITHMETIC[op](left, right)
        return COMPARISONS[op](left, right).astype(np.float64)


def note_sum(result: Sum, operation: str, span: Span, context: Context) -> None:
    """Note what happened when histograms were added."""
    if result.conflict:
        context.annotations.warn(notes.conflict(operation), span)
    if result.reconciled:
        context.annotations.info(notes.reconciled(operation), span)


def _kind(sample: float | FloatHistogram) -> str:
    return "histogram" if isinstance(sample, FloatHistogram) else "float"

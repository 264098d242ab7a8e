"""Binary operators on pairs of samples, for whole matrices of pairs. Knows no labels and no matching."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from promql.cells import empty_objects, has_object
from promql.context import Context
from promql.histograms import notes
from promql.histograms.model import FloatHistogram, MixedSchemas
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


class Note(NamedTuple):
    """What is to be annotated of a pair: a warning, or else an info."""

    warning: bool
    text: str


# A histogram, or whether a comparison holds, or None where the operator is not defined; and what is noted.
Combined = tuple[FloatHistogram | bool | None, Note | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What the pairs come to.

    `done` marks pairs that the operator is defined for; `holds` marks those of them that a filter lets pass,
    which is all of them in arithmetic. Values are those of the left side in comparisons. Of what could be
    annotated at a step only the last is, as in Prometheus: `notes` has it by the step's column.
    """

    values: Floats
    done: Bools
    holds: Bools
    histograms: Objects | None
    notes: Mapping[int, Note] = field(default_factory=dict)

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
            notes={**self.notes, **other.notes},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operator at its place in a query."""

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
        if self.op in TRIMS:
            found = self._other_types(0.0, 0.0)
            return replace(floats, notes=dict.fromkeys(np.flatnonzero(present.any(axis=0)).tolist(), found))
        return floats

    def tell(self, outcome: Outcome) -> None:
        """Annotate what was noted."""
        told = self.context.annotations
        for note in outcome.notes.values():
            (told.warn if note.warning else told.info)(note.text, self.span)

    def _with_histograms(self, left: Operand, right: Operand, present: Bools, floats: Outcome) -> Outcome:
        shape = present.shape
        lefts = empty_objects(shape) if left.histograms is None else left.histograms
        rights = empty_objects(shape) if right.histograms is None else right.histograms
        left_values = np.broadcast_to(left.values, shape)
        right_values = np.broadcast_to(right.values, shape)
        involved = present if self.op in TRIMS else (has_object(lefts) | has_object(rights)) & present
        done, holds, made = floats.done & ~involved, floats.holds & ~involved, empty_objects(shape)
        found: dict[int, Note] = {}
        for row, column in np.argwhere(involved).tolist():
            self.context.check()
            one, other = lefts[row, column], rights[row, column]
            result, note = self._combine_pair(
                float(left_values[row, column]) if one is None else one,
                float(right_values[row, column]) if other is None else other,
            )
            if note is not None:
                found[column] = note
            if result is not None:
                done[row, column] = True
                holds[row, column] = result is not False
                made[row, column] = one if isinstance(result, bool) else result
        return Outcome(values=floats.values, done=done, holds=holds, histograms=made, notes=found)

    def _combine_pair(self, left: float | FloatHistogram, right: float | FloatHistogram) -> Combined:
        """Combine two samples, as a rule one of them at least a histogram."""
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
        return result, self._other_types(left, right) if result is None else None

    def _combine_histograms(self, left: FloatHistogram, right: FloatHistogram) -> Combined:
        match self.op:
            case "==":
                return left.equals(right), None
            case "!=":
                return not left.equals(right), None
            case "+" | "-":
                return self._add(left, right)
        return None, self._other_types(left, right)

    def _add(self, left: FloatHistogram, right: FloatHistogram) -> Combined:
        try:
            result = left.plus(right) if self.op == "+" else left.minus(right)
        except MixedSchemas:
            text = f"incompatible bucket layout encountered for binary operator {self.op}"
            return None, Note(warning=True, text=text)
        operation = notes.ADDITION if self.op == "+" else notes.SUBTRACTION
        if result.conflict:
            # Prometheus drops such a sample, too.
            return None, Note(warning=True, text=notes.conflict(operation))
        note = Note(warning=False, text=notes.reconciled(operation)) if result.reconciled else None
        return result.histogram.compacted(), note

    def _other_types(self, left: float | FloatHistogram, right: float | FloatHistogram) -> Note:
        types = f"{_kind(left)} {self.op} {_kind(right)}"
        return Note(
            warning=False,
            text=f'incompatible sample types encountered for binary operator "{self.op}": {types}',
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


def _kind(sample: float | FloatHistogram) -> str:
    return "histogram" if isinstance(sample, FloatHistogram) else "float"

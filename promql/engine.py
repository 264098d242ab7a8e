"""Evaluates a query's tree for all steps at once. Knows every kind of node, no function and no operator."""

from dataclasses import dataclass, field, replace

import numpy as np

from promql.cells import has_object, no_series
from promql.context import DEFAULT_LOOKBACK_MS, DEFAULT_SUBQUERY_STEP_MS, Context, Limits, Usage
from promql.errors import EvaluationError
from promql.finishing import finished, finished_windows, in_order
from promql.footprint import size_of
from promql.functions import FUNCTIONS
from promql.histograms.functions import HISTOGRAM_FUNCTIONS
from promql.invariance import is_invariant, repeated, unwrapped
from promql.language.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from promql.language.parser import parse
from promql.operators.aggregation import aggregate
from promql.operators.binary import apply
from promql.ranges import RANGE_FUNCTIONS
from promql.ranges.extended import check_modifiers, explicit_borders
from promql.selection.selectors import sample_times, select_vector, select_windows
from promql.selection.smoothing import select_smoothed
from promql.selection.subqueries import subquery_windows
from promql.source import Source
from promql.values import Scalar, Steps, Value, Vector, Windows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What a query comes to.

    In a vector, names that were to be removed are gone, and each series has a sample somewhere. `ordered`
    says that the rows of an instant answer are in an order that was asked for (sort, topk …); otherwise they
    are sorted by labels. An instant query for a range vector comes to Windows with one step.
    """

    type: ValueType
    value: Value
    steps: Steps
    ordered: bool
    warnings: list[str]
    infos: list[str]
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a server sets for all its queries."""

    lookback_ms: int = DEFAULT_LOOKBACK_MS
    subquery_step_ms: int = DEFAULT_SUBQUERY_STEP_MS
    limits: Limits = field(default_factory=Limits)


DEFAULT_OPTIONS = Options()


def run_instant(
    query: str | Expr, time_ms: int, source: Source, options: Options = DEFAULT_OPTIONS, text: str = ""
) -> Answer:
    """Answer a query at one time; `text` is that of a tree. Raises QueryError."""
    expr, written = (parse(query), query) if isinstance(query, str) else (query, text)
    steps = Steps(start_ms=time_ms, end_ms=time_ms, step_ms=1)
    return _run(expr, written, _context(steps, 0, source, options))


def run_range(
    query: str | Expr, steps: Steps, source: Source, options: Options = DEFAULT_OPTIONS, text: str = ""
) -> Answer:
    """Answer a query at every step; raises QueryError, also for what is neither a vector nor a scalar."""
    expr, written = (parse(query), query) if isinstance(query, str) else (query, text)
    return _run(expr, written, _context(steps, steps.step_ms, source, options))


def _context(steps: Steps, step_ms: int, source: Source, options: Options) -> Context:
    return Context(
        steps=steps,
        source=source,
        lookback_ms=options.lookback_ms,
        subquery_step_ms=options.subquery_step_ms,
        limits=options.limits,
        query_start_ms=steps.start_ms,
        query_end_ms=steps.end_ms,
        query_step_ms=step_ms,
    )


def _run(expr: Expr, text: str, context: Context) -> Answer:
    instant = context.query_step_ms == 0
    inner = unwrapped(expr)
    value = evaluate(expr, context)
    ordered = False
    match value:
        case Vector():
            kind, ordered = ValueType.VECTOR, instant and in_order(inner)
            value = finished(value, ordered=ordered)
        case Windows():
            kind = ValueType.MATRIX
            if isinstance(inner, MatrixSelector) and (inner.selector.anchored or inner.selector.smoothed):
                value = explicit_borders(inner.selector, value)
            value = finished_windows(value)
        case str():
            kind = ValueType.STRING
        case _:
            kind = ValueType.SCALAR
    if not instant and kind in (ValueType.STRING, ValueType.MATRIX):
        raise EvaluationError(
            f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
        )
    return Answer(
        type=kind,
        value=value,
        steps=context.steps,
        ordered=ordered,
        warnings=context.annotations.warnings(text),
        infos=context.annotations.infos(text),
        usage=context.usage,
    )


def evaluate(expr: Expr, context: Context) -> Value:
    """Return what an expression comes to at the context's steps; raises QueryError.

    Then only what it came to is held of all the memory that it took.
    """
    context.check()
    room = context.limits.room
    before = room.held
    value = _evaluate(expr, context)
    room.resize(before + size_of(value))
    return value


def _evaluate(expr: Expr, context: Context) -> Value:
    steps = context.steps
    if len(steps) > 1 and is_invariant(expr):
        once = Steps(start_ms=steps.start_ms, end_ms=steps.start_ms, step_ms=steps.step_ms)
        found = evaluate(expr, context.at(once))
        if isinstance(found, Vector):
            context.make(len(found))
        return repeated(found, len(steps))
    value: Value
    match expr:
        case NumberLiteral():
            value = np.full(len(steps), expr.value)
        case StringLiteral():
            value = expr.value
        case Paren():
            value = evaluate(expr.expr, context)
        case Unary():
            value = evaluate(expr.expr, context)
            value = _negated(value) if expr.op == "-" else value
        case Binary():
            value = apply(expr, evaluate(expr.left, context), evaluate(expr.right, context), context)
        case Aggregate():
            value = _aggregate(expr, context)
        case Call():
            value = _call(expr, context)
        case VectorSelector():
            value = select_smoothed(expr, context) if expr.smoothed else select_vector(expr, context)
        case MatrixSelector():
            value = select_windows(expr, context)
        case Subquery():
            value = subquery_windows(expr, context, evaluate)
    return value


def _aggregate(expr: Aggregate, context: Context) -> Vector:
    param: Scalar | str | None = None
    if expr.param is not None:
        found = evaluate(expr.param, context)
        if isinstance(found, Vector | Windows):
            raise EvaluationError(f"the parameter of {expr.op} must be a scalar or a string")
        param = found
    vector = evaluate(expr.expr, context)
    if not isinstance(vector, Vector):
        raise EvaluationError(f"{expr.op} needs an instant vector")
    return aggregate(expr, vector, param, context)


def _call(expr: Call, context: Context) -> Value:
    if expr.function in ("timestamp", "start_timestamp"):
        inner, starts = unwrapped(expr.args[0]), expr.function == "start_timestamp"
        if isinstance(inner, VectorSelector):
            return sample_times(inner, context, starts=starts)
        if starts:
            # What an expression makes has no beginning.
            return no_series(len(context.steps))
    if expr.function == "info":
        # Its second argument is no value, but tells which labels are wanted.
        return FUNCTIONS["info"](expr, [evaluate(expr.args[0], context)], context)
    check_modifiers(expr)
    args = [evaluate(arg, context) for arg in expr.args]
    if expr.function in RANGE_FUNCTIONS:
        return RANGE_FUNCTIONS[expr.function](expr, args, context)
    if expr.function in HISTOGRAM_FUNCTIONS:
        return HISTOGRAM_FUNCTIONS[expr.function](expr, args, context)
    return FUNCTIONS[expr.function](expr, args, context)


def _negated(value: Value) -> Value:
    if isinstance(value, Vector):
        histograms = value.histograms
        if histograms is not None:
            histograms = histograms.copy()
            for place in zip(*np.nonzero(has_object(histograms)), strict=True):
                histograms[place] = histograms[place].negated()
        return replace(
            value, values=-value.values, histograms=histograms, drop_name=np.ones(len(value), np.bool_)
        )
    if isinstance(value, Windows | str):
        raise EvaluationError("only scalars and instant vectors can be negated")
    return -value

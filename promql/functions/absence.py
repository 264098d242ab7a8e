"""absent(): a sample where a vector has none, with the labels that the selector names."""

from collections.abc import Sequence

import numpy as np

from promql.cells import any_series, without_empty
from promql.context import Context
from promql.functions.arguments import vector_at
from promql.invariance import unwrapped
from promql.language.ast import Call, Expr, MatrixSelector, VectorSelector
from promql.values import Value, Vector
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import MatchType


def absent(call: Call, args: Sequence[Value], context: Context) -> Vector:
    """Return 1 at the steps at which the vector is empty."""
    missing = ~any_series(vector_at(args, 0).present)
    return without_empty(
        Vector(
            labels=[absent_labels(call.args[0])],
            values=np.ones((1, len(context.steps))),
            present=missing[None, :],
            drop_name=np.zeros(1, np.bool_),
        )
    )


def absent_labels(expr: Expr) -> Labels:
    """Return the labels that a selector fixes by one equality and nothing else, for others none."""
    inner = unwrapped(expr)
    if isinstance(inner, MatrixSelector):
        inner = inner.selector
    if not isinstance(inner, VectorSelector):
        return Labels()
    fixed: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in inner.matchers:
        if matcher.type is MatchType.EQUAL and matcher.name not in seen:
            fixed[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            fixed.pop(matcher.name, None)
    fixed.pop(METRIC_NAME, None)
    return Labels(fixed)

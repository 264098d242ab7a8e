"""Answers the queries of rules, within the limits that all queries have. Knows no rules."""

from collections.abc import Callable
from typing import Final

from alertrules.rules.answers import vector_of
from gateway.query.memory import Memory
from gateway.query.service import Rules
from promql.context import Limits
from promql.engine import Options, run_instant
from promql.errors import QueryTimeout
from promql.language.ast import Expr
from promql.source import Source
from promql.values import Vector

ENDED: Final = "the evaluation was ended: the rules change, or the gateway stops"


class Asking:
    """Queries over one source, at one time each. For several threads."""

    def __init__(
        self,
        source: Source,
        *,
        rules: Callable[[], Rules],
        memory: Memory,
        stopwatch: Callable[[], float],
    ) -> None:
        self._source = source
        self._rules = rules
        self._memory = memory
        self._stopwatch = stopwatch

    def ask(self, expr: Expr, time_ms: int, is_over: Callable[[], bool] = lambda: False) -> Vector:
        """Return what a query comes to, a scalar as one sample without labels; raises QueryError.

        It ends early when `is_over`.
        """
        rules = self._rules()
        deadline = self._stopwatch() + rules.timeout_s

        def remaining() -> float:
            return -1.0 if is_over() else deadline - self._stopwatch()

        if is_over():
            raise QueryTimeout(ENDED)
        with self._memory.share(remaining) as room:
            limits = Limits(
                max_samples=rules.max_samples,
                max_cells=rules.max_samples,
                remaining=remaining,
                room=room,
            )
            options = Options(lookback_ms=rules.lookback_ms, limits=limits)
            return vector_of(run_instant(expr, time_ms, self._source, options).value)

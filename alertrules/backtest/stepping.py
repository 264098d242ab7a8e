"""A query at many steps, piece by piece: as many at once as its limits allow. Knows no rule."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from alertrules.errors import RuleFailed
from promql.errors import EvaluationError, QueryTooLarge
from promql.values import Steps, Vector

Ask = Callable[[Steps], AbstractContextManager[Vector]]
"""Answers a query at every step, a scalar as one series; its memory is held as long as the block runs."""

FIRST_STEPS: Final = 1_440
"""Asked at once at first: a day of minutes."""

MOST_STEPS: Final = 11_000
"""As many as a range query may have."""

MAX_FAILED: Final = 1_000
"""Steps at which a query may fail until it is given up: each is asked on its own, which is slow."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """What a query came to at some steps, or why it came to nothing at one."""

    steps: Steps
    vector: Vector | None
    failure: str = ""


def pieces(ask: Ask, steps: Steps) -> Iterator[Piece]:
    """Ask at all steps, in order; raises QueryError, and RuleFailed for a query that mostly fails.

    A query that fails at one step fails over the whole range. So the piece is made smaller until the step is
    alone.
    """
    at, size, failed = 0, FIRST_STEPS, 0
    while at < len(steps):
        part = _part(steps, at, size)
        count = len(part)
        try:
            with ask(part) as vector:
                yield Piece(steps=part, vector=vector)
            size = min(count * 2, MOST_STEPS)
        except (EvaluationError, QueryTooLarge) as error:
            size = max(count // 2, 1)
            if count > 1:
                continue
            if isinstance(error, QueryTooLarge):
                raise
            failed += 1
            if failed > MAX_FAILED:
                raise RuleFailed(f"it fails at more than {MAX_FAILED} steps: {error}") from error
            yield Piece(steps=part, vector=None, failure=str(error))
        at += count


def _part(steps: Steps, at: int, size: int) -> Steps:
    first = steps.start_ms + at * steps.step_ms
    last = min(first + (size - 1) * steps.step_ms, steps.end_ms)
    return Steps(start_ms=first, end_ms=last, step_ms=steps.step_ms)
